using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Registration;

/// <summary>Finds out which registrations stand for the handlers that were added, because some may have been replaced or decorated.</summary>
internal static class HandlerPairing
{
    /// <summary>Pairs registrations with added handlers.</summary>
    /// <param name="services">All registrations.</param>
    /// <param name="descriptors">Those of the channel's handlers, in their order.</param>
    /// <param name="added">The handlers that were added, in their order.</param>
    /// <returns>For each of the registrations, the handler it stands for, if it stands for one.</returns>
    /// <exception cref="InvalidOperationException">It is ambiguous which registration stands for a handler.</exception>
    public static HandlerRegistration<TChannel>?[] Pair<TChannel>(IServiceCollection services, ServiceDescriptor[] descriptors, IReadOnlyList<HandlerRegistration<TChannel>> added)
        where TChannel : INotificationChannel<TChannel>
    {
        var owners = new HandlerRegistration<TChannel>?[descriptors.Length];
        var places = Array.ConvertAll(descriptors, services.IndexOf);
        var vacant = new List<HandlerRegistration<TChannel>>();
        foreach (var handler in added)
        {
            var found = Array.IndexOf(descriptors, handler.Descriptor);
            if (found < 0)
            {
                // Decorating libraries put the decorator in the place of the original.
                var (begin, end) = (services.IndexOf(handler.Begin.Descriptor), services.IndexOf(handler.End.Descriptor));
                found = Array.FindIndex(places, place => begin >= 0 && place > begin && place < end);
            }

            if (found >= 0)
                owners[found] = handler;
            else
                vacant.Add(handler);
        }

        if (vacant.Count > 0)
            PairMoved(services, descriptors, places, owners, vacant);
        return owners;
    }

    /// <summary>Pairs replacements at the end of the services, where <c>Replace</c>, or removing and adding, puts them.</summary>
    private static void PairMoved<TChannel>(
        IServiceCollection services, ServiceDescriptor[] descriptors, int[] places, HandlerRegistration<TChannel>?[] owners, List<HandlerRegistration<TChannel>> vacant)
        where TChannel : INotificationChannel<TChannel>
    {
        var first = services.IndexOf(vacant[0].End.Descriptor);
        var moved = Enumerable.Range(0, descriptors.Length).Where(index => owners[index] is null && places[index] > first).ToList();
        if (moved.Count == 0)
            return; // They were removed, and nothing was put in their place.

        // A registration whose class is, or derives from, that of exactly one handler stands for it.
        foreach (var handler in vacant.ToArray())
        {
            var ofClass = moved.FindAll(index => HandlerFactory.TypeOf(descriptors[index]) is { } type && handler.HandlerType?.IsAssignableFrom(type) == true);
            if (ofClass is not [var only])
                continue;

            owners[only] = handler;
            vacant.Remove(handler);
            moved.Remove(only);
        }

        if (vacant.Count > 0 && moved.Count > 0 && vacant.Count != moved.Count)
            throw Ambiguous(vacant, moved.Count);

        foreach (var (index, handler) in moved.Zip(vacant))
            owners[index] = handler;
    }

    private static InvalidOperationException Ambiguous<TChannel>(List<HandlerRegistration<TChannel>> vacant, int moved)
        where TChannel : INotificationChannel<TChannel>
    {
        var service = $"INotificationHandler<{typeof(TChannel).Name}>";
        return new(
            $"The registration(s) of {string.Join(", ", vacant.Select(handler => handler.DisplayName))} as {service} were removed, and {moved} other(s) were added, " +
            $"so it is ambiguous which of them runs with which settings. Decorate each in its place (services[index] = …), replace the class itself (services.Replace of {vacant[0].DisplayName}), " +
            $"or add the replacements with AddHandler<{typeof(TChannel).Name}, …>() and leave out the originals.");
    }
}
