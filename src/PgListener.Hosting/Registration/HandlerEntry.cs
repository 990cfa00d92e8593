using Microsoft.Extensions.DependencyInjection;
using PgListener.Payloads;

namespace PgListener.Registration;

/// <summary>A handler that is going to run.</summary>
/// <param name="Key">Which one.</param>
/// <param name="Type">The class that it is named by; <see langword="null"/> for a delegate, and for one that only a factory knows.</param>
/// <param name="Descriptor">The registration that makes it.</param>
/// <param name="Options">The settings that the code gave it.</param>
internal abstract record HandlerEntry(HandlerKey Key, Type? Type, ServiceDescriptor Descriptor, HostedHandlerOptions Options)
{
    /// <summary>The name of a delegate's method, if it has one.</summary>
    public string? MethodName { get; init; }

    /// <summary>What it is called if neither its settings, nor a class, nor a method give it a name.</summary>
    public required string Nameless { get; init; }

    /// <summary>The services that a delegate takes from the scope.</summary>
    public required IReadOnlyList<Type> TakenServices { get; init; }

    /// <summary>What it is called in logs and metrics.</summary>
    public string Name { get; set; } = "";

    /// <summary>What it is called in the section <c>Handlers</c>; <see langword="null"/> if it has no settings there.</summary>
    public string? SectionName => (Options.Name ?? MethodName) is null && Type is null ? null : Name;

    /// <summary>What the channel's type is called.</summary>
    public string ChannelName => Key.Channel.Name;

    /// <summary>The name of its channel on a listener, without a prefix.</summary>
    public abstract string ChannelOn(ListenerRegistration registration);

    /// <summary>Subscribes it.</summary>
    /// <param name="listener">To this, which is not started yet.</param>
    /// <param name="registration">What was said of the listener.</param>
    /// <param name="scopes">Where it is resolved.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="log">Where its malformed payloads are logged.</param>
    public abstract ListenerSubscription Subscribe(Listener listener, ListenerRegistration registration, IServiceScopeFactory scopes, HandlerOptions settings, PayloadLog log);
}
