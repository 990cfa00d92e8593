namespace PgListener.Registration;

/// <summary>Gives each of a listener's handlers the name that it has in settings, logs and metrics.</summary>
internal static class HandlerNames
{
    /// <summary>What a lambda is called, which has no name of its own.</summary>
    public static string OfLambda<TChannel>() => $"{typeof(TChannel).Name} delegate";

    /// <summary>Names them: those of a channel differ, unless they are of the same class.</summary>
    /// <exception cref="InvalidOperationException">A name that was set is that of another handler of the channel.</exception>
    public static void Assign(IReadOnlyCollection<HandlerEntry> handlers)
    {
        var ofTypes = HandlerName.OfAll(handlers.Where(handler => handler.Options.Name is null).Select(handler => handler.Type).OfType<Type>());
        var taken = new HashSet<(Type Channel, string Name)>();

        // Names that cannot be changed come before those that can be numbered.
        foreach (var handler in handlers.Where(handler => handler.Options.Name is null && handler.Type is not null))
        {
            handler.Name = ofTypes[handler.Type!];
            taken.Add(KeyOf(handler, handler.Name));
        }

        foreach (var handler in handlers.Where(handler => handler.Options.Name is not null))
        {
            handler.Name = handler.Options.Name!;
            if (!taken.Add(KeyOf(handler, handler.Name)))
                throw new InvalidOperationException($"Two handlers of channel {handler.ChannelName} have the name '{handler.Name}'. Set another {nameof(HostedHandlerOptions)}.{nameof(HostedHandlerOptions.Name)} for one of them.");
        }

        foreach (var handler in handlers.Where(handler => handler.Options.Name is null && handler.Type is null))
        {
            var name = handler.Name = handler.MethodName ?? handler.Nameless;
            for (var number = 2; !taken.Add(KeyOf(handler, handler.Name)); number++)
                handler.Name = $"{name} {number}";
        }
    }

    /// <summary>Names of the configuration's sections are alike in upper and lower case.</summary>
    private static (Type Channel, string Name) KeyOf(HandlerEntry handler, string name) => (handler.Key.Channel, name.ToUpperInvariant());
}
