using Microsoft.Extensions.Configuration;
using PgListener.Registration;

namespace PgListener.Durable.Registration;

/// <summary>The handlers of a listener's durable channels with their settings.</summary>
internal static class DurableHandlers
{
    /// <summary>The handlers.</summary>
    public static IEnumerable<HandlerEntry> Of(ListenerRegistration registration) => registration.Handlers.Where(handler => handler.IsDurableOn(registration));

    /// <summary>The settings of one: those of the code, overridden by those of the section <c>Handlers</c>.</summary>
    public static DurableHandlerOptions OptionsOf(HandlerEntry handler, ListenerRegistration registration, IServiceProvider services)
    {
        var options = handler.Options.DurableOptions is DurableHandlerOptions given ? new DurableHandlerOptions(given) : new();
        if (handler.SectionName is { } name)
        {
            foreach (var section in registration.SectionsFrom(services))
                section.GetSection(PgListenerOptions.HandlersName).GetSection(name).GetSection(DurableRegistration.SectionName).Bind(options);
        }

        return options;
    }
}
