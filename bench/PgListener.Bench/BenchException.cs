namespace PgListener.Bench;

/// <summary>A measurement that did not work; the message says why.</summary>
internal sealed class BenchException : Exception
{
    public BenchException(string message)
        : base(message)
    {
    }
}
