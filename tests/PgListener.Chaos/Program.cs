using System.Globalization;
using PgListener.Chaos;

const string Usage = "Usage: PgListener.Chaos [--seconds 60] [--seed 1]";

var (seconds, seed) = (60, 1);
for (var i = 0; i < args.Length; i += 2)
{
    if (i + 1 == args.Length || !int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        return Complain();

    switch (args[i])
    {
        case "--seconds":
            seconds = number;
            break;
        case "--seed":
            seed = number;
            break;
        default:
            return Complain();
    }
}

var summary = await ChaosRun.RunAsync(new(TimeSpan.FromSeconds(seconds), seed), Console.WriteLine);
Console.Write(summary.Complaints());
Console.Write(summary);
return summary.Violations.Count == 0 ? 0 : 1;

static int Complain()
{
    Console.Error.WriteLine(Usage);
    return 2;
}
