namespace PgListener.IntegrationTests;

/// <summary>Tests that keep the whole machine busy, and so run alone.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
