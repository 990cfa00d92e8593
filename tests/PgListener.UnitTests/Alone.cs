namespace PgListener.UnitTests;

/// <summary>Tests that count allocations, or listen to spans, of which the whole process has one source: they run alone.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
