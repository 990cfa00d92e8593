using Microsoft.Extensions.DependencyInjection;
using PgListener.ChangeFeeds;
using PgListener.Payloads;

namespace PgListener.Registration;

/// <summary>A handler of a channel that the listener runs.</summary>
/// <param name="Key">Identifies it.</param>
/// <param name="Type">The class that it is named after; <see langword="null"/> for a registration with a factory.</param>
/// <param name="Descriptor">The registration that creates it.</param>
/// <param name="Options">Its settings from the code.</param>
/// <param name="Resolve">Gets it from a scope.</param>
/// <param name="ResyncFrom">Gets candidates from a scope, one after the other. Gaps are announced to the first that implements <see cref="IResyncHandler{TChannel}"/>.</param>
internal sealed record HandlerEntry<TChannel>(
    HandlerKey Key,
    Type? Type,
    ServiceDescriptor Descriptor,
    HostedHandlerOptions Options,
    Func<IServiceProvider, INotificationHandler<TChannel>> Resolve,
    IReadOnlyList<Func<IServiceProvider, INotificationHandler<TChannel>>> ResyncFrom)
    : HandlerEntry(Key, Type, Descriptor, Options)
    where TChannel : INotificationChannel<TChannel>
{
    public override string ChannelName => TChannel.ChangedType is { } changed ? $"Changes<{changed.Name}>" : Key.Channel.Name;

    public override bool IsDurableOn(ListenerRegistration registration) => registration.IsDurable<TChannel>();

    public override string? ProblemWithFeedOn(ListenerRegistration registration, FullQueueMode mode)
        => registration.ProblemWithFeed<TChannel>() ?? (IsDurableOn(registration) ? null : FeedProblem.Of<TChannel>(mode));

    public override string ChannelOn(ListenerRegistration registration) => registration.ChannelNameOf<TChannel>();

    public override ListenerSubscription Subscribe(Listener listener, ListenerRegistration registration, IServiceScopeFactory scopes, HandlerOptions settings, PayloadLog log)
    {
        var runner = CreateRunner(registration, scopes, log);
        var options = new SubscriptionOptions(settings) { Name = Name, OnResync = ResyncFrom.Count > 0 ? runner.ResyncAsync : null, MeansEverything = TChannel.MeansEverything };
        return listener.Subscribe(ChannelOn(registration), runner.HandleAsync, options, out _);
    }

    public override MessageHandler CreateMessageHandler(ListenerRegistration registration, IServiceScopeFactory scopes, PayloadLog log)
    {
        var runner = CreateRunner(registration, scopes, log);
        return new(runner.HandleAsync, ResyncFrom.Count > 0 ? runner.ResyncAsync : null);
    }

    /// <summary>Creates the runner that calls it.</summary>
    public HandlerRunner<TChannel> CreateRunner(ListenerRegistration registration, IServiceScopeFactory scopes, PayloadLog log) => new(Name, Resolve, scopes, log, ChannelOn(registration))
    {
        ResyncFrom = ResyncFrom,
        Filters = [.. registration.Filters.Resolvers, .. Options.Filters.Resolvers],
        ListenerName = registration.Name,
        HandlerType = Type,
    };
}
