using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Npgsql;

namespace PgListener.Registration;

/// <summary>Completes one listener's settings with a named connection string, and checks them.</summary>
internal sealed class PgListenerOptionsSetup(ListenerRegistration registration, IConfiguration? configuration)
    : IPostConfigureOptions<PgListenerOptions>, IValidateOptions<PgListenerOptions>
{
    public void PostConfigure(string? name, PgListenerOptions options)
    {
        if (name == registration.Name && string.IsNullOrWhiteSpace(options.ConnectionString))
            options.ConnectionString = configuration?.GetConnectionString(options.ConnectionName);
    }

    public ValidateOptionsResult Validate(string? name, PgListenerOptions options)
    {
        if (name != registration.Name)
            return ValidateOptionsResult.Skip;

        var context = new ValidationContext(options, nameof(PgListenerOptions), serviceProvider: null, items: null);
        var problems = options.Validate(context).Select(problem => $"{registration.SectionPath}:{problem.ErrorMessage}").ToList();
        if (registration.DataSource is null && ProblemWithConnectionString(options) is { } problem)
            problems.Add(problem);
        return problems.Count > 0 ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
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
