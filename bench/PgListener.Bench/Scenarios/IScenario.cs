namespace PgListener.Bench;

/// <summary>One question, its cases and its table. A new one is a class like the others and a line in <see cref="ScenarioList"/>.</summary>
internal interface IScenario
{
    /// <summary>What it is called on the command line.</summary>
    string Name { get; }

    /// <summary>The columns of its table.</summary>
    IReadOnlyList<Column> Columns { get; }

    /// <summary>Whether the cases of a repetition run at the same time, as may those that do nothing.</summary>
    bool IsParallel => false;

    /// <summary>Whether one case is run before all, uncounted, because it is this program's own sending that gets faster at first.</summary>
    bool IsRehearsed => false;

    /// <summary>Whether its server writes to the disk as one in production does.</summary>
    bool IsOnDisk => false;

    /// <summary>What is measured, in a sentence or two.</summary>
    string Describe(RunMode mode);

    int Repetitions(RunMode mode);

    /// <summary>What is wanted of its figures.</summary>
    IReadOnlyList<Goal> Goals => [];

    /// <summary>Gets ready what consumers need that are not part of this program.</summary>
    /// <param name="consumers">Those that were asked for.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>Those that cannot take part here.</returns>
    Task<IReadOnlyList<Skip>> PrepareAsync(IReadOnlyList<string> consumers, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<Skip>>([]);

    /// <summary>The rows, in the order in which they are shown.</summary>
    IReadOnlyList<BenchCase> Cases(RunMode mode);

    /// <summary>Measures a case once: as a rule, in a fresh process that is warmed up and put under the load.</summary>
    async Task<IReadOnlyDictionary<string, double>> MeasureAsync(BenchCase benchCase, BenchServer server, CancellationToken cancellationToken)
    {
        await using var consumer = await ConsumerProcess.StartAsync(benchCase, server.DataSource, new NotifyProbe(server.DataSource, benchCase.Settings), cancellationToken);
        foreach (var load in benchCase.WarmUp)
            await consumer.MeasureAsync(load, cancellationToken);
        return await consumer.MeasureAsync(benchCase.Load, cancellationToken);
    }

    /// <summary>Says what is wrong with what was measured, if there is something that must not be; how fast it was is never wrong.</summary>
    string? Judge(BenchCase benchCase, IReadOnlyDictionary<string, double> figures) => null;
}
