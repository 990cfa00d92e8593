using PgListener.Bench;

// The program starts itself once more for every consumer, so that each has a process to itself.
if (args is [ConsumerProgram.Verb, var kind])
    return ConsumerProgram.Run(kind, MessagingList.CreateConsumer);

if (!DurableSize.TryTake(args, out var size, out var rest))
    rest = args;
var scenarios = DurableScenarioList.Create(size);
if (BenchOptions.TryParse(rest, scenarios, out var options, out var problem))
    return await BenchRun.RunAsync(options, OnDisk.Options());

await Console.Error.WriteLineAsync(problem);
await Console.Error.WriteLineAsync(BenchOptions.Usage("PgListener.Bench.Durable", scenarios) + Environment.NewLine + DurableSize.Usage);
return 2;
