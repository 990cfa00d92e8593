namespace PgListener.Registration;

/// <summary>Gives each of a listener's handlers its name in settings, logs and metrics.</summary>
internal static class HandlerNames
{
    /// <summary>The name of a lambda, which has none of its own.</summary>
    public static string OfLambda<TChannel>() => $"{typeof(TChannel).Name} delegate";

    /// <summary>Names the handlers. The names within a channel differ, unless the handlers are of the same class.</summary>
    /// <exception cref="InvalidOperationException">Two handlers of a channel have the same name, and one of them was set.</exception>
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

        foreach (var handler in handlers.Where(handler => handler.Options is { Name: not null, IsNumbered: false }))
        {
            handler.Name = handler.Options.Name!;
            if (!taken.Add(KeyOf(handler, handler.Name)))
                throw new InvalidOperationException($"Two handlers of channel {handler.ChannelName} have the name '{handler.Name}'. Set another {nameof(HostedHandlerOptions)}.{nameof(HostedHandlerOptions.Name)} for one of them.");
        }

        foreach (var handler in handlers.Where(handler => handler.Options.IsNumbered || (handler.Options.Name is null && handler.Type is null)))
        {
            var name = handler.Name = handler.Options.Name ?? handler.MethodName ?? handler.Nameless;
            for (var number = 2; !taken.Add(KeyOf(handler, handler.Name)); number++)
                handler.Name = $"{name} {number}";
        }
    }

    /// <summary>Names of sections of the configuration are not case-sensitive.</summary>
    private static (Type Channel, string Name) KeyOf(HandlerEntry handler, string name) => (handler.Key.Channel, name.ToUpperInvariant());
}
