using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace PgListener.Registration;

/// <summary>What was said of one listener while services were being added.</summary>
internal sealed class ListenerRegistration(string name, IServiceCollection services)
{
    private readonly Dictionary<Type, IChannelRegistration> _channels = [];
    private readonly List<Func<IServiceProvider, IConfiguration?>> _sections = [];

    public string Name => name;

    /// <summary>The key of the listener and of its handlers in DI.</summary>
    public string? Key => name.Length == 0 ? null : name;

    /// <summary>Kept so that at the start handlers are run as they are registered then, not as they were when they were added.</summary>
    public IServiceCollection Services => services;

    /// <summary>Where the settings come from, for messages.</summary>
    public string SectionPath { get; set; } = name.Length == 0 ? PgListenerOptions.SectionName : $"{PgListenerOptions.SectionName}:{name}";

    public Action<IServiceProvider, NpgsqlDataSourceBuilder>? ConfigureDataSource { get; set; }

    public Func<IServiceProvider, NpgsqlDataSource>? DataSource { get; set; }

    public IReadOnlyCollection<IChannelRegistration> Channels => _channels.Values;

    /// <summary>The handlers of all channels, as they are registered in DI now.</summary>
    public IEnumerable<HandlerEntry> Handlers => _channels.Values.SelectMany(channel => channel.Handlers(services));

    /// <summary>Adds a section that settings come from, over those of sections added before.</summary>
    public void AddSection(Func<IServiceProvider, IConfiguration?> section) => _sections.Add(section);

    public IEnumerable<IConfiguration> SectionsFrom(IServiceProvider provider) => _sections.Select(section => section(provider)).OfType<IConfiguration>();

    public ChannelRegistration<TChannel> Channel<TChannel>()
        where TChannel : INotificationChannel<TChannel>
    {
        if (_channels.TryGetValue(typeof(TChannel), out var existing))
            return (ChannelRegistration<TChannel>)existing;

        var channel = new ChannelRegistration<TChannel>(Key);
        _channels.Add(typeof(TChannel), channel);
        return channel;
    }

    /// <summary>Makes the listener's publisher. It has a pool of its own, unless a data source was handed over.</summary>
    public NotificationPublisher CreatePublisher(PgListenerOptions options, IServiceProvider services)
    {
        var own = options.Publisher.Snapshot();
        own.Name = Name;
        own.LoggerFactory ??= services.GetService<ILoggerFactory>();
        own.TimeProvider ??= services.GetService<TimeProvider>();
        own.MeterFactory ??= services.GetService<IMeterFactory>();
        return DataSource is { } dataSource
            ? new(dataSource(services), own)
            : new(options.ConnectionString!, own, builder => ConfigureDataSource?.Invoke(services, builder));
    }

    /// <summary>A listener's settings, completed with its name and what the host provides.</summary>
    public ListenerOptions WithHost(PgListenerOptions options, IServiceProvider services)
    {
        var own = options.Snapshot();
        own.Name = Name;
        own.LoggerFactory ??= services.GetService<ILoggerFactory>();
        own.TimeProvider ??= services.GetService<TimeProvider>();
        own.MeterFactory ??= services.GetService<IMeterFactory>();
        return own;
    }
}
