using Microsoft.Extensions.DependencyInjection;
using PgListener.Payloads;

namespace PgListener.Registration;

/// <summary>A handler of a channel that is going to run.</summary>
/// <param name="Key">Which one.</param>
/// <param name="Type">The class that it is named by; <see langword="null"/> for one that only a factory knows.</param>
/// <param name="Descriptor">The registration that creates it.</param>
/// <param name="Options">The settings that the code gave it.</param>
/// <param name="Resolve">Gets it from a scope.</param>
/// <param name="ResyncFrom">Gets those from a scope, one after the other, of which the first that wants gaps is told of them.</param>
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
    public override string ChannelOn(ListenerRegistration registration) => registration.ChannelNameOf<TChannel>();

    public override ListenerSubscription Subscribe(Listener listener, ListenerRegistration registration, IServiceScopeFactory scopes, HandlerOptions settings, PayloadLog log)
    {
        var runner = CreateRunner(registration, scopes, log);
        var options = new SubscriptionOptions(settings) { Name = Name, OnResync = ResyncFrom.Count > 0 ? runner.ResyncAsync : null };
        return listener.Subscribe(ChannelOn(registration), runner.HandleAsync, options, out _);
    }

    /// <summary>Creates what calls it.</summary>
    public HandlerRunner<TChannel> CreateRunner(ListenerRegistration registration, IServiceScopeFactory scopes, PayloadLog log) => new(Name, Resolve, scopes, log, ChannelOn(registration))
    {
        ResyncFrom = ResyncFrom,
        Filters = [.. registration.Filters.Resolvers, .. Options.Filters.Resolvers],
        ListenerName = registration.Name,
        HandlerType = Type,
    };
}
