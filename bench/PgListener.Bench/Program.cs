using PgListener.Bench;

// The program starts itself once more for every consumer, so that each has a process to itself.
if (args is [ConsumerProgram.Verb, var kind])
    return ConsumerProgram.Run(kind, ConsumerKinds.Create);

if (BenchOptions.TryParse(args, ScenarioList.All, out var options, out var problem))
    return await BenchRun.RunAsync(options);

await Console.Error.WriteLineAsync(problem);
await Console.Error.WriteLineAsync(BenchOptions.Usage("PgListener.Bench", ScenarioList.All));
return 2;
