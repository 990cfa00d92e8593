using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace PgListener.Registration;

/// <summary>Completes one listener's settings with a named connection string and those of its handlers, and checks them.</summary>
internal sealed class PgListenerOptionsSetup(ListenerRegistration registration, IListenerConnector connector, IServiceProvider services)
    : IPostConfigureOptions<PgListenerOptions>, IValidateOptions<PgListenerOptions>
{
    public void PostConfigure(string? name, PgListenerOptions options)
    {
        if (name != registration.Name)
            return;

        if (string.IsNullOrWhiteSpace(options.ConnectionString))
        {
            options.ConnectionString = registration.Roots.Append(services.GetService<IConfiguration>())
                .Select(configuration => configuration?.GetConnectionString(options.ConnectionName))
                .FirstOrDefault(connectionString => !string.IsNullOrWhiteSpace(connectionString));
        }

        registration.Feeds.Resolve(services);
        foreach (var handler in registration.Handlers)
        {
            var settings = new HandlerOptions(handler.Options);
            if (handler.SectionName is { } sectionName)
            {
                foreach (var section in HandlerSections())
                    section.GetSection(sectionName).Bind(settings);
            }

            options.Handlers[handler.Key] = settings;
        }
    }

    public ValidateOptionsResult Validate(string? name, PgListenerOptions options)
    {
        if (name != registration.Name)
            return ValidateOptionsResult.Skip;

        var context = new ValidationContext(options, nameof(PgListenerOptions), serviceProvider: null, items: null);
        var problems = options.Validate(context).Select(problem => $"{registration.SectionPath}:{problem.ErrorMessage}").ToList();
        problems.AddRange(registration.Feeds.Problems);
        problems.AddRange(ProblemsWithHandlers(options));
        problems.AddRange(ProblemsWithSections());
        if (connector.ProblemWith(registration, options, services) is { } problem)
            problems.Add(problem);
        return problems.Count > 0 ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
    }

    private IEnumerable<IConfigurationSection> HandlerSections()
        => registration.SectionsFrom(services).Select(section => section.GetSection(PgListenerOptions.HandlersName));

    private IEnumerable<string> ProblemsWithHandlers(PgListenerOptions options)
    {
        var path = $"{registration.SectionPath}:{PgListenerOptions.HandlersName}";
        var named = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var handler in registration.Handlers)
        {
            // A class that handles several channels is named once. A handler without a name has its settings from AddChannel, which has checked them.
            foreach (var problem in MissingServices(handler))
                yield return problem;
            if (handler.ProblemWithFeedOn(registration, options.Handlers[handler.Key].FullQueueMode ?? options.FullQueueMode) is { } noFeed)
                yield return $"Handler {handler.Name} handles {handler.ChannelName}. {noFeed}";
            if (handler.IsDurableOn(registration) && registration.DurablePublisher is null)
                yield return $"Handler {handler.Name} is on the durable channel {handler.ChannelName}, and nothing runs durable channels. Add the package PgListener.Durable, and call AddDurableChannels() after AddPgListener().";
            if (ProblemWithPrefix(handler, options.ChannelPrefix ?? "") is { } tooLong)
                yield return tooLong;

            if (handler.SectionName is null || !named.Add(handler.SectionName))
                continue;

            var settings = options.Handlers[handler.Key];
            var context = new ValidationContext(settings, nameof(HandlerOptions), serviceProvider: null, items: null);
            foreach (var problem in settings.Validate(context))
                yield return $"{path}:{handler.SectionName}:{problem.ErrorMessage}";
        }
    }

    private string? ProblemWithPrefix(HandlerEntry handler, string prefix)
    {
        var channel = handler.ChannelOn(registration);
        return ChannelName.TooLongWith(prefix, channel) is { } bytes
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{registration.SectionPath}:{nameof(PgListenerOptions.ChannelPrefix)} is too long for the channel '{ChannelName.Show(channel)}' of handler {handler.Name}: together they have {bytes} bytes, " +
                $"and a channel name has at most {ChannelName.MaxBytes}. Shorten the prefix, or give the channel a shorter name with MapChannel<{handler.ChannelName}>(…).")
            : null;
    }

    /// <summary>Services that a delegate takes and that are not registered. They are found here, and not only at the first notification.</summary>
    private IEnumerable<string> MissingServices(HandlerEntry handler)
        => services.GetService<IServiceProviderIsService>() is not { } registered
            ? []
            : handler.TakenServices.Where(service => !registered.IsService(service))
                .Select(service => $"Handler {handler.Name} on channel {handler.ChannelName} takes {HandlerName.Of(service)} from the services, and it is not registered. Register the service, or remove the parameter.");

    private IEnumerable<string> ProblemsWithSections()
    {
        var all = ListenerRegistration.All(registration.Services);
        var keys = new UnknownKeys(registration, all);
        string[] handlers = [.. registration.Handlers.Select(handler => handler.SectionName).OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase)];
        var problems = registration.SectionsFrom(services).SelectMany(section => keys.ProblemsIn(section, handlers)).ToList();

        // The section of all listeners is checked once, for the first of those that have their settings in it.
        ListenerRegistration[] common = [.. all.Where(listener => listener.SectionPath == listener.DefaultSectionPath)];
        if (services.GetService<IConfiguration>() is { } configuration && common.FirstOrDefault() == registration && Array.TrueForAll(common, listener => listener.Name.Length > 0))
            problems.AddRange(keys.ProblemsInCommonSection(configuration.GetSection(PgListenerOptions.SectionName)));
        return problems.Distinct(StringComparer.Ordinal);
    }
}
