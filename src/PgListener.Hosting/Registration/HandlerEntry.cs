using Microsoft.Extensions.DependencyInjection;
using PgListener.Payloads;

namespace PgListener.Registration;

/// <summary>A handler that the listener runs.</summary>
/// <param name="Key">Identifies it.</param>
/// <param name="Type">The class that it is named after; <see langword="null"/> for a delegate, and for a registration with a factory.</param>
/// <param name="Descriptor">The registration that creates it.</param>
/// <param name="Options">Its settings from the code.</param>
internal abstract record HandlerEntry(HandlerKey Key, Type? Type, ServiceDescriptor Descriptor, HostedHandlerOptions Options)
{
    /// <summary>The name of a delegate's method, if it has one.</summary>
    public string? MethodName { get; init; }

    /// <summary>Its name if neither its settings, nor a class, nor a method give it one.</summary>
    public required string Nameless { get; init; }

    /// <summary>The services that a delegate takes from the scope.</summary>
    public required IReadOnlyList<Type> TakenServices { get; init; }

    /// <summary>Its name in logs and metrics.</summary>
    public string Name { get; set; } = "";

    /// <summary>Its name in the section <c>Handlers</c>; <see langword="null"/> if it has no settings there.</summary>
    public string? SectionName => (Options.Name ?? MethodName) is null && Type is null ? null : Name;

    /// <summary>The name of the channel's type.</summary>
    public abstract string ChannelName { get; }

    /// <summary>Whether its channel is durable: then the package PgListener.Durable calls it, and the listener does not subscribe it.</summary>
    public abstract bool IsDurableOn(ListenerRegistration registration);

    /// <summary>What is wrong with its change feed, or with the way it handles it; <see langword="null"/> if nothing is, or the channel is not that of a feed.</summary>
    /// <param name="registration">The listener's registration.</param>
    /// <param name="mode">What happens when its queue is full.</param>
    public abstract string? ProblemWithFeedOn(ListenerRegistration registration, FullQueueMode mode);

    /// <summary>The name of its channel on a listener, without a prefix.</summary>
    public abstract string ChannelOn(ListenerRegistration registration);

    /// <summary>Subscribes it.</summary>
    /// <param name="listener">The listener, which is not started yet.</param>
    /// <param name="registration">The listener's registration.</param>
    /// <param name="scopes">Creates the scopes that it is resolved in.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="log">Logs its malformed payloads.</param>
    public abstract ListenerSubscription Subscribe(Listener listener, ListenerRegistration registration, IServiceScopeFactory scopes, HandlerOptions settings, PayloadLog log);

    /// <summary>Prepares the calls of a handler of a durable channel.</summary>
    /// <param name="registration">The listener's registration.</param>
    /// <param name="scopes">Creates the scopes that it is resolved in.</param>
    /// <param name="log">Logs its malformed payloads.</param>
    public abstract MessageHandler CreateMessageHandler(ListenerRegistration registration, IServiceScopeFactory scopes, PayloadLog log);
}
