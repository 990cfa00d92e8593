using System.Globalization;
using PgListener.Durable.Chaos;
using PgListener.Durable.Chaos.Faults;
using PgListener.Durable.Chaos.Readers;

const string Usage = "Usage: PgListener.Durable.Chaos [--seconds 60] [--seed 1] [--without KillServer,FreezeReader]";

if (args is ["reader", var name])
{
    await ReaderProgram.RunAsync(name);
    return 0;
}

var (seconds, seed) = (60, 1);
var without = new HashSet<FaultKind>();
for (var i = 0; i < args.Length; i += 2)
{
    var value = i + 1 < args.Length ? args[i + 1] : "";
    var isUnderstood = args[i] switch
    {
        "--seconds" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out seconds),
        "--seed" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out seed),
        "--without" => Array.TrueForAll(value.Split(','), one => Enum.TryParse<FaultKind>(one, out var kind) && without.Add(kind)),
        _ => false,
    };
    if (!isUnderstood)
    {
        Console.Error.WriteLine(Usage);
        return 2;
    }
}

var summary = await ChaosRun.RunAsync(new(TimeSpan.FromSeconds(seconds), seed) { Without = without }, Console.WriteLine);
Console.Write(summary.Complaints());
Console.Write(summary);
return summary.Violations.Count == 0 ? 0 : 1;
