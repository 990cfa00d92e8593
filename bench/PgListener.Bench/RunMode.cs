namespace PgListener.Bench;

/// <summary>How much of everything is done.</summary>
internal enum RunMode
{
    /// <summary>Every scenario in a small form, to see that all of it works: below two minutes.</summary>
    Quick,

    /// <summary>The figures to believe.</summary>
    Full,
}
