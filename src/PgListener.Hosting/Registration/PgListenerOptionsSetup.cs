using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace PgListener.Registration;

/// <summary>Completes one listener's settings with a named connection string and those of its handlers, and checks them.</summary>
internal sealed class PgListenerOptionsSetup(ListenerRegistration registration, IServiceProvider services)
    : IPostConfigureOptions<PgListenerOptions>, IValidateOptions<PgListenerOptions>
{
    public void PostConfigure(string? name, PgListenerOptions options)
    {
        if (name != registration.Name)
            return;

        if (string.IsNullOrWhiteSpace(options.ConnectionString))
            options.ConnectionString = services.GetService<IConfiguration>()?.GetConnectionString(options.ConnectionName);

        foreach (var handler in registration.Handlers)
        {
            var settings = new HandlerOptions(handler.Options);
            if (handler.ClassName is { } className)
            {
                foreach (var section in HandlerSections())
                    section.GetSection(className).Bind(settings);
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
        problems.AddRange(ProblemsWithHandlers(options));
        if (registration.DataSource is null && ProblemWithConnectionString(options) is { } problem)
            problems.Add(problem);
        return problems.Count > 0 ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
    }

    private IEnumerable<IConfigurationSection> HandlerSections()
        => registration.SectionsFrom(services).Select(section => section.GetSection(PgListenerOptions.HandlersName));

    private IEnumerable<string> ProblemsWithHandlers(PgListenerOptions options)
    {
        var path = $"{registration.SectionPath}:{PgListenerOptions.HandlersName}";
        var known = new SortedSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var handler in registration.Handlers)
        {
            if (handler.ClassName is null || !known.Add(handler.ClassName))
                continue;

            var settings = options.Handlers[handler.Key];
            var context = new ValidationContext(settings, nameof(HandlerOptions), serviceProvider: null, items: null);
            foreach (var problem in settings.Validate(context))
                yield return $"{path}:{handler.ClassName}:{problem.ErrorMessage}";
        }

        foreach (var entry in HandlerSections().SelectMany(section => section.GetChildren()).Where(entry => !known.Contains(entry.Key)))
            yield return $"{path}:{entry.Key} is the name of no handler. The handlers are: {(known.Count > 0 ? string.Join(", ", known) : "none")}.";
    }

    private string? ProblemWithConnectionString(PgListenerOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.ConnectionString))
            return $"{registration.SectionPath}:{nameof(options.ConnectionString)} is not set, and neither is ConnectionStrings:{options.ConnectionName}. Set one of them.";

        try
        {
            var settings = new NpgsqlConnectionStringBuilder(options.ConnectionString);
            return string.IsNullOrWhiteSpace(settings.Host) ? $"The connection string of {registration.SectionPath} names no Host." : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException or InvalidCastException)
        {
            // Npgsql's message may quote what it could not read, which may be a piece of a password.
            return $"The connection string of {registration.SectionPath} cannot be read; see Npgsql's documentation for its form.";
        }
    }
}
