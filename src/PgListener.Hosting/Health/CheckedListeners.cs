namespace PgListener.Health;

/// <summary>The names of the listeners that health checks were added for.</summary>
internal sealed class CheckedListeners
{
    public HashSet<string> Names { get; } = new(StringComparer.Ordinal);
}
