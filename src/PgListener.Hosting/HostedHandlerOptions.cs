using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using PgListener.Filters;

namespace PgListener;

/// <summary>The settings of one handler of a hosted listener: queue, concurrency, time limit, name and filters.</summary>
/// <remarks>The section <c>Handlers</c> of the listener's configuration overrides the properties of <see cref="HandlerOptions"/> that are set here.</remarks>
public sealed class HostedHandlerOptions : HandlerOptions
{
    internal HostedHandlerOptions(IServiceCollection services) => Filters = new(services);

    /// <summary>The handler's name in logs and metrics, and in the section <c>Handlers</c> of the configuration.</summary>
    /// <value>
    /// The default is <see langword="null"/>: the name of the class or of the method. A lambda is named after its channel, and has no settings in the
    /// configuration unless a name is set. A name is not empty and has no <c>:</c>. Handlers of the same channel have different names.
    /// Handlers of several channels with the same name share one entry in the configuration.
    /// </value>
    /// <exception cref="ArgumentException">The name is empty, or has a <c>:</c>.</exception>
    public string? Name
    {
        get;
        set
        {
            if (value is not null && (string.IsNullOrWhiteSpace(value) || value.Contains(':', StringComparison.Ordinal)))
                throw new ArgumentException($"The name of a handler must not be empty and must not contain ':', because it names a section of the configuration, but it is '{value}'.", nameof(value));
            field = value;
        }
    }

    /// <summary>Called when notifications may have been missed, with the gap and the services of a fresh scope. For handlers without a class.</summary>
    /// <remarks>A call that fails is repeated, like that of <see cref="IResyncHandler{TChannel}"/>, which a class implements instead.</remarks>
    /// <value>The default is <see langword="null"/>: gaps are not announced to this handler. A warning is logged when notifications may have been missed.</value>
    public Func<Resync, IServiceProvider, CancellationToken, Task>? OnResync { get; set; }

    internal FilterList Filters { get; }

    /// <summary>The settings on a durable channel, which the package PgListener.Durable adds.</summary>
    internal object? DurableOptions { get; set; }

    /// <summary>Whether a number is added to <see cref="Name"/> if another handler of the channel has it: for names that a package gives, and the application cannot change.</summary>
    internal bool IsNumbered { get; set; }

    /// <summary>Whether, on a durable channel, each instance handles every message unless its settings say otherwise: for what each instance has of its own, such as a cache in memory.</summary>
    internal bool IsPerInstance { get; set; }

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
