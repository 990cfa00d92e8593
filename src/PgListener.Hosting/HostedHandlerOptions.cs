using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using PgListener.Filters;

namespace PgListener;

/// <summary>How one handler of a hosted listener is fed, what it is called, and which filters run around it.</summary>
/// <remarks>The section <c>Handlers</c> of the listener's configuration sets what <see cref="HandlerOptions"/> has, over what is set here.</remarks>
public sealed class HostedHandlerOptions : HandlerOptions
{
    internal HostedHandlerOptions(IServiceCollection services) => Filters = new(services);

    /// <summary>What the handler is called in logs and metrics, and in the section <c>Handlers</c> of the configuration.</summary>
    /// <value>
    /// The default is <see langword="null"/>: the name of the class or of the method. A lambda has none, is called after its channel, and has no settings in the
    /// configuration unless a name is set. A name is not empty, has no <c>:</c>, and no two handlers of a channel have the same.
    /// Handlers of several channels with the same name have one entry in the configuration.
    /// </value>
    /// <exception cref="ArgumentException">The name is empty, or has a <c>:</c>.</exception>
    public string? Name
    {
        get;
        set
        {
            if (value is not null && (string.IsNullOrWhiteSpace(value) || value.Contains(':', StringComparison.Ordinal)))
                throw new ArgumentException($"The name of a handler must not be empty, and must have no ':', since it is the name of a section of the configuration, but is '{value}'.", nameof(value));
            field = value;
        }
    }

    /// <summary>For a delegate: called when notifications may have been missed, with the gap and the services of a fresh scope.</summary>
    /// <remarks>A call that fails is repeated, like that of <see cref="IResyncHandler{TChannel}"/>, which a class implements instead.</remarks>
    /// <value>The default is <see langword="null"/>: gaps are not announced to this handler, and the log says so when one may have lost something.</value>
    public Func<Resync, IServiceProvider, CancellationToken, Task>? OnResync { get; set; }

    internal FilterList Filters { get; }

    /// <summary>Runs a filter around this handler, inside those that were added before.</summary>
    /// <typeparam name="TFilter">The filter's class. It is registered as transient, unless it is registered already, and resolved in the scope of each call.</typeparam>
    /// <returns>These settings.</returns>
    public HostedHandlerOptions AddFilter<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TFilter>()
        where TFilter : class, INotificationFilter
    {
        Filters.Add<TFilter>();
        return this;
    }

    /// <summary>Runs a filter around this handler, inside those that were added before.</summary>
    /// <param name="filter">The filter, as <see cref="INotificationFilter.InvokeAsync"/>.</param>
    /// <returns>These settings.</returns>
    public HostedHandlerOptions AddFilter(Func<NotificationFilterContext, NotificationFilterDelegate, CancellationToken, Task> filter)
    {
        Filters.Add(filter);
        return this;
    }
}
