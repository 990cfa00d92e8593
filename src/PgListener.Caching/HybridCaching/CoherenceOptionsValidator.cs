using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace PgListener.HybridCaching;

/// <summary>Checks the settings of one cache.</summary>
internal sealed class CoherenceOptionsValidator(CacheRegistration registration) : IValidateOptions<HybridCacheCoherenceOptions>
{
    public ValidateOptionsResult Validate(string? name, HybridCacheCoherenceOptions options)
    {
        if (name != registration.OptionsName)
            return ValidateOptionsResult.Skip;

        var context = new ValidationContext(options, nameof(HybridCacheCoherenceOptions), serviceProvider: null, items: null);
        string[] problems = [.. options.Validate(context).Select(problem => $"{nameof(HybridCacheCoherenceOptions)} of {registration.Name}: {problem.ErrorMessage}")];
        return problems.Length > 0 ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
    }
}
