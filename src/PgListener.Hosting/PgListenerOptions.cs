using System.ComponentModel.DataAnnotations;
using PgListener.Registration;

namespace PgListener;

/// <summary>The settings of a hosted listener, bound from the section <c>PgListener</c> (of a named one, <c>PgListener:{name}</c>) and checked when the host starts.</summary>
/// <remarks>When the configuration changes at run time, what can be changed without connecting again is applied at once.</remarks>
public class PgListenerOptions : ListenerOptions
{
    /// <summary>The section that settings are bound from.</summary>
    public const string SectionName = "PgListener";

    /// <summary>The section, within that, which has the settings of handlers by the names of their classes.</summary>
    internal const string HandlersName = "Handlers";

    /// <summary>How to connect.</summary>
    /// <value>The default is <see langword="null"/>: the connection string that <see cref="ConnectionName"/> names.</value>
    public string? ConnectionString { get; set; }

    /// <summary>Which entry of the section <c>ConnectionStrings</c> to use when <see cref="ConnectionString"/> is not set.</summary>
    /// <value>The default is <c>Postgres</c>.</value>
    public string ConnectionName { get; set; } = "Postgres";

    /// <summary>How long the host's start waits until the server listens. If it does not by then, the start fails.</summary>
    /// <remarks>
    /// The wait is the last part of the start: hosted services are started by then, and so is the web server. A readiness check keeps requests away until the
    /// listener listens. A host that is told to stop meanwhile stops as usual.
    /// </remarks>
    /// <value>The default is <see langword="null"/>: the host starts at once, and connecting continues in the background until it succeeds. From 1 millisecond to 1 hour.</value>
    public TimeSpan? StartupTimeout { get; set; }

    /// <summary>The settings of the <see cref="INotificationPublisher"/> that belongs to the listener, in the section <c>Publisher</c> of the listener's own.</summary>
    /// <value>The default is the defaults.</value>
    public NotificationPublisherOptions Publisher { get; set; } = new();

    /// <summary>The settings of each handler: what the code says, and over that what the section <c>Handlers</c> says.</summary>
    /// <remarks>A field, since the binder takes every property for a setting.</remarks>
    internal readonly Dictionary<HandlerKey, HandlerOptions> Handlers = [];

    /// <inheritdoc/>
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var problem in base.Validate(validationContext))
            yield return problem;

        if (Setting.InRangeIfSet(nameof(StartupTimeout), StartupTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1)) is { } wrong)
            yield return wrong;

        foreach (var problem in Publisher.Validate(validationContext))
            yield return new($"{nameof(Publisher)}:{problem.ErrorMessage}", problem.MemberNames.Select(static member => $"{nameof(Publisher)}:{member}"));
    }
}
