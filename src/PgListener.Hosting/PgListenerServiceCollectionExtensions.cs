using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using PgListener;
using PgListener.Registration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds hosted PostgreSQL listeners to an application.</summary>
public static class PgListenerServiceCollectionExtensions
{
    /// <summary>Adds a listener that starts and stops with the host, set up by the configuration section <c>PgListener</c>, and an <see cref="INotificationPublisher"/>.</summary>
    /// <param name="services">The application's services.</param>
    /// <returns>A builder to add handlers with.</returns>
    /// <remarks>Calling it again adds nothing, and returns a builder for the same listener.</remarks>
    public static PgListenerBuilder AddPgListener(this IServiceCollection services)
        => services.AddPgListener(Options.Options.DefaultName);

    /// <inheritdoc cref="AddPgListener(IServiceCollection)"/>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets further settings, over those of the section.</param>
    public static PgListenerBuilder AddPgListener(this IServiceCollection services, Action<PgListenerOptions> configure)
        => services.AddPgListener(Options.Options.DefaultName, configure);

    /// <summary>Adds a listener that starts and stops with the host, set up by the given configuration section.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configuration">The section with the settings.</param>
    /// <returns>A builder to add handlers with.</returns>
    public static PgListenerBuilder AddPgListener(this IServiceCollection services, IConfiguration configuration)
        => services.AddPgListener(Options.Options.DefaultName, configuration);

    /// <summary>Adds a named listener, set up by the section <c>PgListener:{name}</c>: an application may have several, each with a connection and handlers of its own.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="name">The name, which is also the key of its <see cref="IPgListener"/>, <see cref="INotificationPublisher"/> and handlers in DI.</param>
    /// <param name="configure">Sets further settings, over those of the section.</param>
    /// <returns>A builder to add handlers with.</returns>
    public static PgListenerBuilder AddPgListener(this IServiceCollection services, string name, Action<PgListenerOptions>? configure = null)
    {
        var registration = Register(services, name, out var isNew);
        var path = registration.SectionPath;
        if (isNew)
            Bind(registration, provider => provider.GetService<IConfiguration>()?.GetSection(path));
        if (configure is not null)
            services.Configure(name, configure);
        return new(registration);
    }

    /// <summary>Adds a named listener, set up by the given configuration section.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="name">The name, which is also the key of its <see cref="IPgListener"/>, <see cref="INotificationPublisher"/> and handlers in DI.</param>
    /// <param name="configuration">The section with the settings.</param>
    /// <returns>A builder to add handlers with.</returns>
    public static PgListenerBuilder AddPgListener(this IServiceCollection services, string name, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var registration = Register(services, name, out _);
        Bind(registration, _ => configuration);
        if (configuration is IConfigurationSection section)
            registration.SectionPath = section.Path;
        return new(registration);
    }

    /// <summary>
    /// Binds a section. Not with a change token of its own: on the first wrong change that would leave the listener, and
    /// everyone else who asks for its settings, without any.
    /// </summary>
    private static void Bind(ListenerRegistration registration, Func<IServiceProvider, IConfiguration?> section)
    {
        registration.AddSection(section);
        registration.Services.AddOptions<PgListenerOptions>(registration.Name).Configure<IServiceProvider>((bound, provider) =>
        {
            if (section(provider) is { } configuration)
                configuration.Bind(bound);
        });
    }

    /// <summary>Registers everything for a listener, once.</summary>
    private static ListenerRegistration Register(IServiceCollection services, string name, out bool isNew)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);
        var existing = services.FirstOrDefault(descriptor =>
            descriptor.ServiceType == typeof(ListenerRegistration) && name.Equals(descriptor.ServiceKey));
        if (existing is { KeyedImplementationInstance: ListenerRegistration known })
        {
            isNew = false;
            return known;
        }

        var registration = new ListenerRegistration(name, services);
        services.AddKeyedSingleton(name, registration);
        isNew = true;
        services.AddOptions<PgListenerOptions>(name).ValidateOnStart();
        services.AddSingleton<IPostConfigureOptions<PgListenerOptions>>(provider => CreateSetup(provider));
        services.AddSingleton<IValidateOptions<PgListenerOptions>>(provider => CreateSetup(provider));

        services.AddKeyedSingleton(name, (provider, _) => new HostedListener(registration, CurrentOptions(provider), provider));
        if (registration.Key is { } key)
            services.AddKeyedSingleton<IPgListener>(key, (provider, _) => provider.GetRequiredKeyedService<HostedListener>(name));
        else
            services.AddSingleton<IPgListener>(provider => provider.GetRequiredKeyedService<HostedListener>(name));

        // Made when somebody asks for it, and then disposed of by the container, which sends what was coalesced. It is for the
        // server that is listened to, whatever the configuration says by then.
        if (registration.Key is { } publisherKey)
            services.AddKeyedSingleton<INotificationPublisher>(publisherKey, (provider, _) => registration.CreatePublisher(OptionsAtStart(provider), provider));
        else
            services.AddSingleton<INotificationPublisher>(provider => registration.CreatePublisher(OptionsAtStart(provider), provider));

        // Not AddHostedService, which would take a second listener for the first one again.
        services.AddSingleton<IHostedService>(provider => new PgListenerService(
            provider.GetRequiredKeyedService<HostedListener>(name), registration.SectionPath, CurrentOptions(provider).StartupTimeout));
        return registration;

        PgListenerOptionsSetup CreateSetup(IServiceProvider provider) => new(registration, provider);

        PgListenerOptions OptionsAtStart(IServiceProvider provider) => provider.GetRequiredKeyedService<HostedListener>(name).OptionsAtStart;

        PgListenerOptions CurrentOptions(IServiceProvider provider) => provider.GetRequiredService<IOptionsMonitor<PgListenerOptions>>().Get(name);
    }
}
