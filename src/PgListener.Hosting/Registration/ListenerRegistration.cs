using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.ChangeFeeds;
using PgListener.Filters;
using PgListener.Health;

namespace PgListener.Registration;

/// <summary>Everything about one listener that was registered while services were being added.</summary>
internal sealed class ListenerRegistration(string name, IServiceCollection services)
{
    private readonly Dictionary<Type, IChannelRegistration> _channels = [];
    private readonly List<Func<IServiceProvider, IConfiguration?>> _sections = [];
    private readonly Dictionary<Type, string> _channelNames = [];

    public string Name => name;

    /// <summary>The key of the listener and of its handlers in DI.</summary>
    public string? Key => name.Length == 0 ? null : name;

    /// <summary>The application's services, from which the handlers are taken as they are registered at the start.</summary>
    public IServiceCollection Services => services;

    /// <summary>The section that has the settings of a listener of that name by convention.</summary>
    public string DefaultSectionPath { get; } = name.Length == 0 ? PgListenerOptions.SectionName : $"{PgListenerOptions.SectionName}:{name}";

    /// <summary>The path of the settings, for messages.</summary>
    public string SectionPath { get; set; } = name.Length == 0 ? PgListenerOptions.SectionName : $"{PgListenerOptions.SectionName}:{name}";

    public Action<IServiceProvider, NpgsqlDataSourceBuilder>? ConfigureDataSource { get; set; }

    public Func<IServiceProvider, NpgsqlDataSource>? DataSource { get; set; }

    /// <summary>Whether the data source is the one that the application has registered.</summary>
    public bool UsesRegisteredDataSource { get; set; }

    /// <summary>The whole configurations that were given, which contain the listener's section.</summary>
    public List<IConfiguration> Roots { get; } = [];

    /// <summary>Set by the package PgListener.Durable: the publisher that takes the messages of durable channels, and passes all others on to the listener's own.</summary>
    public Func<IServiceProvider, NotificationPublisher, INotificationPublisher>? DurablePublisher { get; set; }

    /// <summary>Set by the package PgListener.Durable: the streams of durable channels.</summary>
    public Func<IServiceProvider, IDurableStreams>? DurableStreams { get; set; }

    /// <summary>What others add to the listener's health.</summary>
    public List<Func<IServiceProvider, IHealthPart>> HealthParts { get; } = [];

    /// <summary>The change feeds, which give the channels of <see cref="Changes{T}"/> their names and their durability.</summary>
    public FeedRegistry Feeds { get; } = new();

    /// <summary>Sections within the listener's that other packages read, with the names of their settings.</summary>
    public Dictionary<string, IReadOnlyList<string>> MoreSections { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The same within the section of each handler.</summary>
    public Dictionary<string, IReadOnlyList<string>> MoreHandlerSections { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The filters that run around each of its handlers.</summary>
    public FilterList Filters { get; } = new(services);

    /// <summary>The handlers of all channels, as they are registered in DI now, each with a name of its own.</summary>
    /// <exception cref="InvalidOperationException">It is ambiguous which handlers run, or two have the same name.</exception>
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

    /// <summary>Adds a section with settings, which override those of sections added before.</summary>
    public void AddSection(Func<IServiceProvider, IConfiguration?> section) => _sections.Add(section);

    /// <summary>The part of a whole configuration that has the settings: the section that has them by convention, or else its top level, if it has any.</summary>
    public IConfiguration SectionIn(IConfiguration root)
    {
        var section = root.GetSection(DefaultSectionPath);
        return section.Exists() || !root.GetChildren().Any(entry => UnknownKeys.IsSetting(entry.Key)) ? section : root;
    }

    public IEnumerable<IConfiguration> SectionsFrom(IServiceProvider provider) => _sections.Select(section => section(provider)).OfType<IConfiguration>();

    /// <summary>Gives a channel type another channel name on this listener.</summary>
    /// <exception cref="ArgumentException">The name is not valid.</exception>
    public void Map<TChannel>(string channelName)
        where TChannel : INotificationChannel<TChannel>
    {
        ChannelName.ThrowIfInvalid(channelName);
        if (TChannel.ChangedType is { } changed)
            throw new ArgumentException($"The channel of Changes<{changed.Name}> is that of its feed. Name it there: ChangeFeed.For(…).Channel(…).", nameof(channelName));
        _channelNames[typeof(TChannel)] = channelName;
    }

    public string ChannelNameOf<TChannel>()
        where TChannel : INotificationChannel<TChannel>
        => FeedOf<TChannel>()?.ChannelName ?? (_channelNames.TryGetValue(typeof(TChannel), out var mapped) ? mapped : TChannel.ChannelName);

    /// <summary>Whether a channel is durable on this listener: by its type, or by its feed.</summary>
    public bool IsDurable<TChannel>()
        where TChannel : INotificationChannel<TChannel>
        => FeedOf<TChannel>()?.IsDurable ?? TChannel.IsDurable;

    /// <summary>What is wrong if a channel needs a feed and has none, with both remedies; otherwise <see langword="null"/>.</summary>
    public string? ProblemWithFeed<TChannel>()
        where TChannel : INotificationChannel<TChannel>
        => TChannel.ChangedType is { } changed && Feeds.Of(typeof(TChannel)) is null
            ? $"The listener{(Key is { } key ? $" '{key}'" : "")} has no change feed for {changed.Name}. Add AddChangeFeed<{changed.Name}>(ChangeFeed.For(\"…\").Key(…)); or, for the feeds of an EF Core model, AddChangeFeeds<TContext>() of the package PgListener.EntityFrameworkCore."
            : null;

    public ChannelRegistration<TChannel> Channel<TChannel>()
        where TChannel : INotificationChannel<TChannel>
    {
        if (_channels.TryGetValue(typeof(TChannel), out var existing))
            return (ChannelRegistration<TChannel>)existing;

        var channel = new ChannelRegistration<TChannel>(this);
        _channels.Add(typeof(TChannel), channel);
        return channel;
    }

    /// <summary>The application's data source: the one with the listener's name as its key, or else the one without a key.</summary>
    public NpgsqlDataSource? RegisteredDataSource(IServiceProvider provider)
        => (Key is { } key ? provider.GetKeyedService<NpgsqlDataSource>(key) : null) ?? provider.GetService<NpgsqlDataSource>();

    /// <summary>The settings of a listener's publisher, completed with its name and what the host provides.</summary>
    public NotificationPublisherOptions PublisherWithHost(PgListenerOptions options, IServiceProvider services)
    {
        var own = options.Publisher.Snapshot();
        own.ChannelPrefix ??= options.ChannelPrefix;
        own.MapChannels(_channelNames);
        own.MapChannels(Feeds.Names);
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

    private ChangeFeed? FeedOf<TChannel>()
        where TChannel : INotificationChannel<TChannel>
        => TChannel.ChangedType is null ? null : Feeds.Of(typeof(TChannel));
}
