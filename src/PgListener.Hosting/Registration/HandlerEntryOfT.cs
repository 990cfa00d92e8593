using Microsoft.Extensions.DependencyInjection;
using PgListener.Payloads;

namespace PgListener.Registration;

/// <summary>A handler of a channel that is going to run.</summary>
/// <param name="Key">Which one.</param>
/// <param name="Type">The class that it is named by; <see langword="null"/> for one that only a factory knows.</param>
/// <param name="Descriptor">The registration that creates it.</param>
/// <param name="Options">The settings that the code gave it.</param>
/// <param name="ChannelNameOf">The channel's name on this listener.</param>
/// <param name="Resolve">Gets it from a scope.</param>
/// <param name="ResyncFrom">Gets those from a scope, one after the other, of which the first that wants gaps is told of them.</param>
internal sealed record HandlerEntry<TChannel>(
    HandlerKey Key,
    Type? Type,
    ServiceDescriptor Descriptor,
    HandlerOptions Options,
    Func<string> ChannelNameOf,
    Func<IServiceProvider, INotificationHandler<TChannel>> Resolve,
    IReadOnlyList<Func<IServiceProvider, INotificationHandler<TChannel>>> ResyncFrom)
    : HandlerEntry(Key, Type, Descriptor, Options)
    where TChannel : INotificationChannel<TChannel>
{
    public override ListenerSubscription Subscribe(Listener listener, IServiceScopeFactory scopes, HandlerOptions settings, PayloadLog log)
    {
        var channel = ChannelNameOf();
        var runner = new HandlerRunner<TChannel>(Name, Resolve, scopes, log, channel) { ResyncFrom = ResyncFrom };
        var options = new SubscriptionOptions(settings) { Name = Name, OnResync = ResyncFrom.Count > 0 ? runner.ResyncAsync : null };
        return listener.Subscribe(channel, runner.HandleAsync, options, out _);
    }
}
