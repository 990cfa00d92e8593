using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Filters;

namespace PgListener.Registration;

/// <summary>What was said of one listener while services were being added.</summary>
internal sealed class ListenerRegistration(string name, IServiceCollection services)
{
    private readonly Dictionary<Type, IChannelRegistration> _channels = [];
    private readonly List<Func<IServiceProvider, IConfiguration?>> _sections = [];
    private readonly Dictionary<Type, string> _channelNames = [];
    private Action<NotificationPublisherOptions>? _mapForPublisher;

    public string Name => name;

    /// <summary>The key of the listener and of its handlers in DI.</summary>
    public string? Key => name.Length == 0 ? null : name;

    /// <summary>Kept so that at the start handlers are run as they are registered then, not as they were when they were added.</summary>
    public IServiceCollection Services => services;

    /// <summary>Where the settings of a listener of that name are by convention.</summary>
    public string DefaultSectionPath { get; } = name.Length == 0 ? PgListenerOptions.SectionName : $"{PgListenerOptions.SectionName}:{name}";

    /// <summary>Where the settings come from, for messages.</summary>
    public string SectionPath { get; set; } = name.Length == 0 ? PgListenerOptions.SectionName : $"{PgListenerOptions.SectionName}:{name}";

    public Action<IServiceProvider, NpgsqlDataSourceBuilder>? ConfigureDataSource { get; set; }

    public Func<IServiceProvider, NpgsqlDataSource>? DataSource { get; set; }

    /// <summary>Whether the data source is the one that the application has registered.</summary>
    public bool UsesRegisteredDataSource { get; set; }

    /// <summary>Whole configurations that were given, in which the listener's section is to be found.</summary>
    public List<IConfiguration> Roots { get; } = [];

    /// <summary>Those that run around each of its handlers.</summary>
    public FilterList Filters { get; } = new(services);

    /// <summary>The handlers of all channels, as they are registered in DI now, each with a name of its own.</summary>
    /// <exception cref="InvalidOperationException">It cannot be told which handlers are to run, or two have the same name.</exception>
    public IReadOnlyList<HandlerEntry> Handlers
    {
        get
        {
            HandlerEntry[] handlers = [.. _channels.Values.SelectMany(channel => channel.Plan(services))];
            HandlerNames.Assign(handlers);
            return handlers;
        }
    }

    /// <summary>The listeners that were added to services.</summary>
    public static IReadOnlyCollection<ListenerRegistration> All(IServiceCollection services)
        => [.. services.Where(descriptor => descriptor.ServiceType == typeof(ListenerRegistration)).Select(descriptor => descriptor.KeyedImplementationInstance).OfType<ListenerRegistration>()];

    /// <summary>Adds a section that settings come from, over those of sections added before.</summary>
    public void AddSection(Func<IServiceProvider, IConfiguration?> section) => _sections.Add(section);

    /// <summary>Where a whole configuration has the settings: in the section that is theirs by convention, or else at its top, if there are any.</summary>
    public IConfiguration SectionIn(IConfiguration root)
    {
        var section = root.GetSection(DefaultSectionPath);
        return section.Exists() || !root.GetChildren().Any(entry => UnknownKeys.IsSetting(entry.Key)) ? section : root;
    }

    public IEnumerable<IConfiguration> SectionsFrom(IServiceProvider provider) => _sections.Select(section => section(provider)).OfType<IConfiguration>();

    /// <summary>Gives a channel another name here than its type says.</summary>
    /// <exception cref="ArgumentException">The name is not valid.</exception>
    public void Map<TChannel>(string channelName)
        where TChannel : INotificationChannel<TChannel>
    {
        ChannelName.ThrowIfInvalid(channelName);
        _channelNames[typeof(TChannel)] = channelName;
        _mapForPublisher += options => options.MapChannel<TChannel>(channelName);
    }

    public string ChannelNameOf<TChannel>()
        where TChannel : INotificationChannel<TChannel>
        => _channelNames.TryGetValue(typeof(TChannel), out var mapped) ? mapped : TChannel.ChannelName;

    public ChannelRegistration<TChannel> Channel<TChannel>()
        where TChannel : INotificationChannel<TChannel>
    {
        if (_channels.TryGetValue(typeof(TChannel), out var existing))
            return (ChannelRegistration<TChannel>)existing;

        var channel = new ChannelRegistration<TChannel>(this);
        _channels.Add(typeof(TChannel), channel);
        return channel;
    }

    /// <summary>The application's data source: that with the listener's name as its key, or else that without a key.</summary>
    public NpgsqlDataSource? RegisteredDataSource(IServiceProvider provider)
        => (Key is { } key ? provider.GetKeyedService<NpgsqlDataSource>(key) : null) ?? provider.GetService<NpgsqlDataSource>();

    /// <summary>The settings of a listener's publisher, completed with its name and what the host provides.</summary>
    public NotificationPublisherOptions PublisherWithHost(PgListenerOptions options, IServiceProvider services)
    {
        var own = options.Publisher.Snapshot();
        own.ChannelPrefix ??= options.ChannelPrefix;
        _mapForPublisher?.Invoke(own);
        own.Name = Name;
        own.LoggerFactory ??= services.GetService<ILoggerFactory>();
        own.TimeProvider ??= services.GetService<TimeProvider>();
        own.MeterFactory ??= services.GetService<IMeterFactory>();
        return own;
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
