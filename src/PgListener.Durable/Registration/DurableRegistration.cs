using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using PgListener.Durable.Publishing;
using PgListener.Registration;

namespace PgListener.Durable.Registration;

/// <summary>Registers everything that the durable channels of a listener need.</summary>
internal static class DurableRegistration
{
    /// <summary>The name of the section within the listener's, and within that of a handler.</summary>
    public const string SectionName = "Durable";

    private static readonly string[] Settings =
    [
        nameof(DurableChannelOptions.CreateSchema),
        nameof(DurableChannelOptions.MaxPayloadBytes),
        nameof(DurableChannelOptions.MaxAge),
        nameof(DurableChannelOptions.PollInterval),
        nameof(DurableChannelOptions.SessionTimeout),
        nameof(DurableChannelOptions.PageSize),
        nameof(DurableChannelOptions.PageBytes),
        nameof(DurableChannelOptions.MaxHealthyLag),
        nameof(DurableChannelOptions.DegradeOnDeadLetters),
    ];

    private static readonly string[] HandlerSettings =
    [
        nameof(DurableHandlerOptions.Mode),
        nameof(DurableHandlerOptions.StartFrom),
        nameof(DurableHandlerOptions.Shards),
        nameof(DurableHandlerOptions.OnFailure),
        nameof(DurableHandlerOptions.MaxAttempts),
        nameof(DurableHandlerOptions.RetryDelay),
        nameof(DurableHandlerOptions.MaxRetryDelay),
    ];

    /// <summary>Registers it, once.</summary>
    public static void Add(ListenerRegistration registration)
    {
        var services = registration.Services;
        var name = registration.Name;
        registration.MoreSections[SectionName] = Settings;
        registration.MoreHandlerSections[SectionName] = HandlerSettings;
        registration.DurablePublisher = (provider, notifications) =>
        {
            var runtime = provider.GetRequiredKeyedService<DurableRuntime>(name);
            return DurablePublisher.Create(notifications, runtime.DataSource, runtime.Options, runtime.WakeUps);
        };

        registration.DurableStreams = provider => provider.GetRequiredKeyedService<DurableRuntime>(name).Streams;
        registration.HealthParts.Add(provider => provider.GetRequiredKeyedService<DurableRuntime>(name).Health);
        if (registration.Key is { } key)
            services.AddKeyedSingleton<IDurableChannels>(key, (provider, _) => provider.GetRequiredKeyedService<DurableRuntime>(name).Channels);
        else
            services.AddSingleton<IDurableChannels>(provider => provider.GetRequiredKeyedService<DurableRuntime>(name).Channels);

        services.AddOptions<DurableChannelOptions>(name)
            .Configure<IServiceProvider>((options, provider) =>
            {
                foreach (var section in registration.SectionsFrom(provider))
                    section.GetSection(SectionName).Bind(options);
            })
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<DurableChannelOptions>>(provider => new DurableOptionsCheck(registration, provider));
        services.AddKeyedSingleton(name, (provider, _) => new DurableRuntime(registration, provider));
        services.AddSingleton<IHostedService>(provider => new DurableService(provider.GetRequiredKeyedService<DurableRuntime>(name)));
    }
}
