using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using PgListener.Registration;

namespace PgListener.Durable.Registration;

/// <summary>Checks the settings of a listener's durable channels, and of the handlers on them.</summary>
internal sealed class DurableOptionsCheck(ListenerRegistration registration, IServiceProvider services) : IValidateOptions<DurableChannelOptions>
{
    public ValidateOptionsResult Validate(string? name, DurableChannelOptions options)
    {
        if (name != registration.Name)
            return ValidateOptionsResult.Skip;

        var problems = Problems(options, $"{registration.SectionPath}:{DurableRegistration.SectionName}").ToList();
        foreach (var handler in DurableHandlers.Of(registration))
        {
            var path = $"{registration.SectionPath}:{PgListenerOptions.HandlersName}:{handler.Name}:{DurableRegistration.SectionName}";
            problems.AddRange(Problems(DurableHandlers.OptionsOf(handler, registration, services), path));
        }

        return problems.Count > 0 ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
    }

    private static IEnumerable<string> Problems(IValidatableObject options, string path)
        => options.Validate(new ValidationContext(options, nameof(DurableChannelOptions), serviceProvider: null, items: null)).Select(problem => $"{path}:{problem.ErrorMessage}");
}
