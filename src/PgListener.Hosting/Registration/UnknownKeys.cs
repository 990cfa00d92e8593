using Microsoft.Extensions.Configuration;

namespace PgListener.Registration;

/// <summary>Finds names in a listener's section that nothing reads.</summary>
/// <param name="listener">The listener.</param>
/// <param name="all">All listeners, whose sections may lie within this one.</param>
internal sealed class UnknownKeys(ListenerRegistration listener, IReadOnlyCollection<ListenerRegistration> all)
{
    private static readonly string[] Settings = [.. KnownSettings.OfListener.Select(setting => setting.Name.Split(':')[0]).Append(PgListenerOptions.HandlersName).Distinct(StringComparer.OrdinalIgnoreCase)];
    private static readonly string[] OfPublisher = [.. KnownSettings.OfListener.Select(setting => setting.Name.Split(':')).Where(path => path.Length > 1).Select(path => path[1])];
    private static readonly string[] OfHandler = [.. KnownSettings.OfHandler.Select(setting => setting.Name)];

    /// <summary>Whether a name in a listener's section is that of a setting, or of a group of settings.</summary>
    public static bool IsSetting(string name) => Settings.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The problems of a section, one sentence for each.</summary>
    /// <param name="section">The section.</param>
    /// <param name="handlers">The names of the listener's handlers.</param>
    public IEnumerable<string> ProblemsIn(IConfiguration section, IReadOnlyCollection<string> handlers)
    {
        var path = listener.SectionPath;
        if (section is IConfigurationSection { Value: { Length: > 0 } } single && !single.GetChildren().Any())
        {
            yield return $"{path} is a single value, and not a section with settings. To give a connection string, write AddPgListener(connectionString: …).";
            yield break;
        }

        foreach (var entry in Named(section))
        {
            if (IsName(entry, PgListenerOptions.HandlersName))
            {
                foreach (var problem in ProblemsInHandlers(entry, $"{path}:{PgListenerOptions.HandlersName}", handlers))
                    yield return problem;
            }
            else if (IsName(entry, nameof(PgListenerOptions.Publisher)))
            {
                foreach (var problem in ProblemsWith(entry, $"{path}:{nameof(PgListenerOptions.Publisher)}", OfPublisher))
                    yield return problem;
            }
            else if (listener.MoreSections.TryGetValue(entry.Key, out var more))
            {
                foreach (var problem in ProblemsWith(entry, $"{path}:{entry.Key}", more))
                    yield return problem;
            }
            else if (section is not IConfigurationSection && (IsName(entry, "ConnectionStrings") || Nearest.Of(entry.Key, Settings) is null))
            {
                continue; // The top level of a whole configuration has other entries too.
            }
            else if (!IsSetting(entry.Key) && !IsOfAnotherListener($"{path}:{entry.Key}"))
            {
                yield return entry.GetChildren().Any() && IsDefaultSection(path)
                    ? ProblemWithListener(entry)
                    : $"{path}:{Shown(entry.Key)} is not a setting.{Nearest.Hint(entry.Key, Settings)}";
            }
        }
    }

    /// <summary>The problems of the section of all listeners when each of them has a name. No listener has settings there then.</summary>
    public IEnumerable<string> ProblemsInCommonSection(IConfiguration section)
    {
        foreach (var entry in Named(section))
        {
            var path = $"{PgListenerOptions.SectionName}:{entry.Key}";
            if (IsOfAnotherListener(path) || IsDefaultSection(path))
                continue;

            yield return IsSetting(entry.Key)
                ? $"{path} is for the listener without a name, and there is none. Add it with AddPgListener(), or move the setting to {listener.SectionPath}."
                : ProblemWithListener(entry);
        }
    }

    private IEnumerable<string> ProblemsInHandlers(IConfigurationSection section, string path, IReadOnlyCollection<string> handlers)
    {
        foreach (var entry in Named(section))
        {
            if (!handlers.Contains(entry.Key, StringComparer.OrdinalIgnoreCase))
            {
                yield return $"{path}:{Shown(entry.Key)} is the name of no handler. The handlers are: {(handlers.Count > 0 ? string.Join(", ", handlers) : "none")}.{Nearest.Hint(entry.Key, handlers)}";
                continue;
            }

            foreach (var problem in ProblemsWith(entry, $"{path}:{entry.Key}", [.. OfHandler, .. listener.MoreHandlerSections.Keys]))
                yield return problem;
            foreach (var (name, settings) in listener.MoreHandlerSections)
            {
                foreach (var problem in ProblemsWith(entry.GetSection(name), $"{path}:{entry.Key}:{name}", settings))
                    yield return problem;
            }
        }
    }

    private static IEnumerable<string> ProblemsWith(IConfigurationSection section, string path, IReadOnlyList<string> settings)
        => Named(section)
            .Where(entry => !settings.Contains(entry.Key, StringComparer.OrdinalIgnoreCase))
            .Select(entry => $"{path}:{Shown(entry.Key)} is not a setting.{Nearest.Hint(entry.Key, settings)}");

    private string ProblemWithListener(IConfigurationSection entry)
    {
        string[] names = [.. all.Select(other => other.Name).Where(name => name.Length > 0)];
        return $"{PgListenerOptions.SectionName}:{Shown(entry.Key)} is neither a setting nor the name of a listener.{Nearest.Hint(entry.Key, [.. Settings, .. names])}" +
            $" The names of the listeners are: {(names.Length > 0 ? string.Join(", ", names) : "none")}.";
    }

    /// <summary>Entries that are comments, or the name of a schema, in JSON files are not settings.</summary>
    private static IEnumerable<IConfigurationSection> Named(IConfiguration section)
        => section.GetChildren().Where(entry => !entry.Key.StartsWith("//", StringComparison.Ordinal) && !entry.Key.StartsWith('$'));

    private bool IsOfAnotherListener(string path)
        => all.Any(other => other.SectionPath.Equals(path, StringComparison.OrdinalIgnoreCase) || other.SectionPath.StartsWith(path + ":", StringComparison.OrdinalIgnoreCase));

    private static bool IsDefaultSection(string path) => path.Equals(PgListenerOptions.SectionName, StringComparison.OrdinalIgnoreCase);

    private static bool IsName(IConfigurationSection entry, string name) => entry.Key.Equals(name, StringComparison.OrdinalIgnoreCase);

    private static string Shown(string key) => ListenerName.LooksLikeConnectionString(key) ? "(a name that looks like a connection string)" : key;
}
