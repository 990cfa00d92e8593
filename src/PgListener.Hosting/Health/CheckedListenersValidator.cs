using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using PgListener.Registration;

namespace PgListener.Health;

/// <summary>Fails the start if a health check is for a listener that does not exist.</summary>
internal sealed class CheckedListenersValidator(IServiceCollection services) : IValidateOptions<CheckedListeners>
{
    public ValidateOptionsResult Validate(string? name, CheckedListeners options)
    {
        string[] problems = [.. options.Names.Where(checkedName => !Exists(checkedName)).Select(unknown => ProblemWith(unknown, services))];
        return problems.Length > 0 ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
    }

    /// <summary>The message for a listener that does not exist.</summary>
    public static string ProblemWith(string name, IServiceCollection services)
    {
        string[] known = [.. ListenerRegistration.All(services).Select(listener => Shown(listener.Name))];
        var others = known switch
        {
            [] => "there is none",
            [var only] => $"there is {only}",
            _ => $"there are {string.Join(", ", known[..^1])} and {known[^1]}",
        };
        return $"AddHealthChecks().AddPgListener({(name.Length == 0 ? "" : $"\"{name}\"")}): There is no listener {(name.Length == 0 ? "without a name" : Shown(name))}; {others}.";
    }

    /// <summary>A listener that was registered without <c>AddPgListener</c> can be checked too.</summary>
    private bool Exists(string name)
        => services.Any(descriptor => descriptor.ServiceType == typeof(IPgListener) && Equals(descriptor.ServiceKey, name.Length == 0 ? null : name));

    private static string Shown(string name) => name.Length == 0 ? "the one without a name" : $"'{name}'";
}
