using PgListener;
using PgListener.Durable.Registration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds durable channels to a listener.</summary>
public static class DurableChannelExtensions
{
    /// <summary>Runs the handlers of durable channels, and lets the listener's <see cref="INotificationPublisher"/> publish on them. The section <c>Durable</c> within the listener's section configures it.</summary>
    /// <param name="builder">The listener.</param>
    /// <param name="configure">Changes settings, after those of the section.</param>
    /// <returns>The builder.</returns>
    /// <remarks>A second call only applies further settings. The database needs the schema of <see cref="DurableSchema"/>.</remarks>
    public static PgListenerBuilder AddDurableChannels(this PgListenerBuilder builder, Action<DurableChannelOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        var registration = builder.Registration;
        if (registration.DurablePublisher is null)
            DurableRegistration.Add(registration);
        if (configure is not null)
            services.Configure(builder.Name, configure);
        return builder;
    }

    /// <summary>The settings that a handler has in addition on a durable channel.</summary>
    extension(HostedHandlerOptions options)
    {
        /// <summary>The handler's settings on a durable channel: how instances share the messages, shards, failures. The section <c>Durable</c> within the handler's section overrides them.</summary>
        public DurableHandlerOptions Durable
        {
            get
            {
                ArgumentNullException.ThrowIfNull(options);
                return (DurableHandlerOptions)(options.DurableOptions ??= new DurableHandlerOptions());
            }
        }
    }
}
