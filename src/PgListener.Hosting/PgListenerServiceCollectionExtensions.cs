using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using PgListener;
using PgListener.ChangeFeeds;
using PgListener.Registration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds hosted PostgreSQL listeners to an application.</summary>
public static class PgListenerServiceCollectionExtensions
{
    /// <summary>Adds a listener that starts and stops with the host, configured by the section <c>PgListener</c>, and an <see cref="INotificationPublisher"/>.</summary>
    /// <param name="services">The application's services.</param>
    /// <returns>A builder to add handlers with.</returns>
    /// <remarks>A second call adds nothing, and returns a builder for the same listener.</remarks>
    public static PgListenerBuilder AddPgListener(this IServiceCollection services)
        => Add(services, Options.Options.DefaultName, configure: null);

    /// <inheritdoc cref="AddPgListener(IServiceCollection)"/>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Changes settings, after those of the section.</param>
    public static PgListenerBuilder AddPgListener(this IServiceCollection services, Action<PgListenerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, Options.Options.DefaultName, configure);
    }

    /// <summary>Adds a listener that starts and stops with the host, configured by a given section.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configuration">The section with the settings; or a whole configuration, whose section <c>PgListener</c> has them. Without that section, the settings at its top level are used.</param>
    /// <returns>A builder to add handlers with.</returns>
    /// <exception cref="ArgumentException">The section's path looks like a connection string.</exception>
    public static PgListenerBuilder AddPgListener(this IServiceCollection services, IConfiguration configuration)
        => Add(services, Options.Options.DefaultName, configuration);

    /// <summary>Adds a listener for a connection string. The section <c>PgListener</c>, or <c>PgListener:{name}</c>, has its other settings.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="connectionString">
    /// The connection string, which overrides that of the section. Write the parameter's name, <c>AddPgListener(connectionString: "Host=…")</c>, because a
    /// single text is a listener's name.
    /// </param>
    /// <param name="configure">Changes settings, after those of the section.</param>
    /// <param name="name">The listener's name; without it, the listener has no name.</param>
    /// <returns>A builder to add handlers with.</returns>
    /// <exception cref="ArgumentException">The connection string is empty, or the name is not valid.</exception>
    public static PgListenerBuilder AddPgListener(
        this IServiceCollection services, string connectionString, Action<PgListenerOptions>? configure = null, string? name = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        if (name is not null)
            ListenerName.ThrowIfInvalid(name, nameof(name));
        return Add(services, name ?? Options.Options.DefaultName, options =>
        {
            options.ConnectionString = connectionString;
            configure?.Invoke(options);
        });
    }

    /// <summary>Adds a named listener, configured by the section <c>PgListener:{name}</c>. An application may have several, each with its own connection and handlers.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="name">
    /// The name: 1 to 64 letters, digits, <c>_</c>, <c>.</c> and <c>-</c>, and not that of a setting. It is also the key of its <see cref="IPgListener"/>,
    /// <see cref="INotificationPublisher"/> and handlers in DI, and is shown in logs, metrics and health checks.
    /// </param>
    /// <returns>A builder to add handlers with.</returns>
    /// <exception cref="ArgumentException">The name is not valid; the message does not contain it. Pass a connection string with <c>connectionString:</c>.</exception>
    public static PgListenerBuilder AddPgListener(this IServiceCollection services, string name)
    {
        ListenerName.ThrowIfInvalid(name, nameof(name));
        return Add(services, name, configure: null);
    }

    /// <inheritdoc cref="AddPgListener(IServiceCollection, string)"/>
    /// <param name="services">The application's services.</param>
    /// <param name="name">The name: 1 to 64 letters, digits, <c>_</c>, <c>.</c> and <c>-</c>, and not that of a setting.</param>
    /// <param name="configure">Changes settings, after those of the section.</param>
    public static PgListenerBuilder AddPgListener(this IServiceCollection services, string name, Action<PgListenerOptions> configure)
    {
        ListenerName.ThrowIfInvalid(name, nameof(name));
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, name, configure);
    }

    /// <summary>Adds a named listener for a connection string. The section <c>PgListener:{name}</c> has its other settings.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="name">The name: 1 to 64 letters, digits, <c>_</c>, <c>.</c> and <c>-</c>, and not that of a setting.</param>
    /// <param name="connectionString">The connection string, which overrides that of the section.</param>
    /// <returns>A builder to add handlers with.</returns>
    /// <exception cref="ArgumentException">The connection string is empty, or the name is not valid.</exception>
    public static PgListenerBuilder AddPgListener(this IServiceCollection services, string name, string connectionString)
        => services.AddPgListener(connectionString: connectionString, configure: null, name: name ?? throw new ArgumentNullException(nameof(name)));

    /// <summary>Adds a named listener, configured by a given section.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="name">The name: 1 to 64 letters, digits, <c>_</c>, <c>.</c> and <c>-</c>, and not that of a setting.</param>
    /// <param name="configuration">The section with the settings; or a whole configuration, whose section <c>PgListener:{name}</c> has them. Without that section, the settings at its top level are used.</param>
    /// <returns>A builder to add handlers with.</returns>
    /// <exception cref="ArgumentException">The name is not valid, or the section's path looks like a connection string.</exception>
    public static PgListenerBuilder AddPgListener(this IServiceCollection services, string name, IConfiguration configuration)
    {
        ListenerName.ThrowIfInvalid(name, nameof(name));
        return Add(services, name, configuration);
    }

    private static PgListenerBuilder Add(IServiceCollection services, string name, Action<PgListenerOptions>? configure)
    {
        var registration = Register(services, name, out var isNew);
        var path = registration.SectionPath;
        if (isNew)
            Bind(registration, provider => provider.GetService<IConfiguration>()?.GetSection(path));
        if (configure is not null)
            services.Configure(name, configure);
        return new(registration);
    }

    private static PgListenerBuilder Add(IServiceCollection services, string name, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var section = configuration as IConfigurationSection;
        if (section is not null && ListenerName.LooksLikeConnectionString(section.Path))
            throw new ArgumentException("The path of the section looks like a connection string. To give one, write AddPgListener(connectionString: …).", nameof(configuration));

        var registration = Register(services, name, out _);
        registration.SectionPath = section?.Path ?? registration.DefaultSectionPath;
        if (section is null)
            registration.Roots.Add(configuration);
        Bind(registration, _ => section ?? registration.SectionIn(configuration));
        return new(registration);
    }

    /// <summary>
    /// Binds a section, without a change token of its own. With one, the first wrong change would leave the listener, and
    /// all other users of its settings, without any settings.
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
        var existing = services.FirstOrDefault(descriptor =>
            descriptor.ServiceType == typeof(ListenerRegistration) && name.Equals(descriptor.ServiceKey));
        if (existing is { KeyedImplementationInstance: ListenerRegistration known })
        {
            isNew = false;
            return known;
        }

        if (ListenerRegistration.All(services).FirstOrDefault(other => other.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } alike)
            throw new ArgumentException($"There is a listener '{alike.Name}' already, whose name differs in upper and lower case only, so both would have the same settings.", nameof(name));

        var registration = new ListenerRegistration(name, services);
        services.TryAddSingleton<IListenerConnector, NpgsqlConnector>();
        services.TryAddScoped<OwnedHandlers>();
        services.TryAddSingleton(new UnusedHandlers(services));
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

        // Created on demand, and disposed of by the container, which sends what was coalesced. It uses the server that the listener
        // is connected to, even if the configuration has changed by then.
        if (registration.Key is { } publisherKey)
            services.AddKeyedSingleton<INotificationPublisher>(publisherKey, (provider, _) => CreatePublisher(provider));
        else
            services.AddSingleton<INotificationPublisher>(provider => CreatePublisher(provider));

        registration.HealthParts.Add(provider => new FeedHealth(provider.GetRequiredKeyedService<HostedListener>(name).Feeds));

        // AddHostedService would ignore a second listener, because it is of the same type.
        services.AddSingleton<IHostedService>(provider => new PgListenerService(
            provider.GetRequiredKeyedService<HostedListener>(name),
            provider.GetRequiredService<UnusedHandlers>(),
            provider.GetService<IHostApplicationLifetime>(),
            registration.SectionPath,
            CurrentOptions(provider).StartupTimeout));
        return registration;

        PgListenerOptionsSetup CreateSetup(IServiceProvider provider) => new(registration, provider.GetRequiredService<IListenerConnector>(), provider);

        INotificationPublisher CreatePublisher(IServiceProvider provider)
        {
            var publisher = provider.GetRequiredService<IListenerConnector>().CreatePublisher(registration, OptionsAtStart(provider), provider);
            return registration.DurablePublisher is { } durable ? durable(provider, publisher) : publisher;
        }

        PgListenerOptions OptionsAtStart(IServiceProvider provider) => provider.GetRequiredKeyedService<HostedListener>(name).OptionsAtStart;

        PgListenerOptions CurrentOptions(IServiceProvider provider) => provider.GetRequiredService<IOptionsMonitor<PgListenerOptions>>().Get(name);
    }
}
