namespace PgListener.Bench;

/// <summary>A number as a type argument.</summary>
internal interface IDigit
{
    static abstract int Value { get; }
}
