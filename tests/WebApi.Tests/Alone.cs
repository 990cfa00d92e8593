namespace WebApi.Tests;

/// <summary>Tests that collect the metrics of every shop in the process, and so run while there is no other.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
