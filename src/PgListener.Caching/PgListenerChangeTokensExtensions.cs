using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using PgListener;
using PgListener.ChangeTokens;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds change tokens to a listener.</summary>
public static class PgListenerChangeTokensExtensions
{
    /// <summary>Adds <see cref="IChangeTokens{T}"/>, which gives change tokens for the rows of a table.</summary>
    /// <typeparam name="T">The class that stands for the table. Its feed is added with <c>AddChangeFeed</c>, or comes from an EF Core model.</typeparam>
    /// <param name="builder">The listener.</param>
    /// <returns>The builder.</returns>
    /// <remarks>
    /// A handler with the name <c>ChangeTokens</c> fires the tokens. Callbacks that are slow never pause reading: if its queue is full, all tokens fire. A second call for the same table adds nothing.
    /// </remarks>
    public static PgListenerBuilder AddChangeTokens<T>(this PgListenerBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var name = builder.Name;
        if (builder.Services.Any(service => service.ServiceType == typeof(TableTokens<T>) && name.Equals(service.ServiceKey)))
            return builder;

        builder.Services.AddKeyedSingleton(name, (services, _) => new TableTokens<T>((services.GetService<ILoggerFactory>() ?? Logging.Abstractions.NullLoggerFactory.Instance).CreateLogger("PgListener")));
        if (name.Length > 0)
            builder.Services.TryAddKeyedSingleton<IChangeTokens<T>>(name, (services, _) => services.GetRequiredKeyedService<TableTokens<T>>(name));
        else
            builder.Services.TryAddSingleton<IChangeTokens<T>>(services => services.GetRequiredKeyedService<TableTokens<T>>(name));

        return builder.AddHandler<Changes<T>, IServiceProvider>(
            (notification, services, _) =>
            {
                services.GetRequiredKeyedService<TableTokens<T>>(name).Fire(notification.Value);
                return Task.CompletedTask;
            },
            handler =>
            {
                handler.Name = "ChangeTokens";
                handler.FullQueueMode = FullQueueMode.Drop;
                handler.IsPerInstance = true;
                handler.OnResync = (_, services, _) =>
                {
                    services.GetRequiredKeyedService<TableTokens<T>>(name).FireAll();
                    return Task.CompletedTask;
                };
            });
    }
}
