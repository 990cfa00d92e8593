using System.ComponentModel.DataAnnotations;
using PgListener.Registration;

namespace PgListener;

/// <summary>The settings of a hosted listener, bound from the section <c>PgListener</c> (for a named listener, <c>PgListener:{name}</c>) and checked when the host starts.</summary>
/// <remarks>When the configuration changes at run time, the settings that do not require a new connection apply at once.</remarks>
public class PgListenerOptions : ListenerOptions
{
    /// <summary>The name of the section that settings are bound from.</summary>
    public const string SectionName = "PgListener";

    /// <summary>The name of the section within it that has the settings of handlers, by the names of their classes.</summary>
    internal const string HandlersName = "Handlers";

    /// <summary>The connection string.</summary>
    /// <value>The default is <see langword="null"/>: the connection string that <see cref="ConnectionName"/> names.</value>
    public string? ConnectionString { get; set; }

    /// <summary>The entry of the section <c>ConnectionStrings</c> to use when <see cref="ConnectionString"/> is not set.</summary>
    /// <value>The default is <c>Postgres</c>.</value>
    public string ConnectionName { get; set; } = "Postgres";

    /// <summary>How long the host's start waits until the server listens. After this time, the start fails.</summary>
    /// <remarks>
    /// The wait is the last part of the start, after the hosted services and the web server have started. A readiness check keeps requests away until the
    /// listener listens. A host that is told to stop during the wait stops as usual.
    /// </remarks>
    /// <value>The default is <see langword="null"/>: the host starts at once, and connecting continues in the background until it succeeds. From 1 millisecond to 1 hour.</value>
    public TimeSpan? StartupTimeout { get; set; }

    /// <summary>The settings of the listener's <see cref="INotificationPublisher"/>, in the section <c>Publisher</c> within the listener's section.</summary>
    /// <value>The default is a new <see cref="NotificationPublisherOptions"/>.</value>
    public NotificationPublisherOptions Publisher { get; set; } = new();

    // A field, because the binder treats every property as a setting.

    /// <summary>The settings of each handler: those of the code, overridden by those of the section <c>Handlers</c>.</summary>
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
