using System.Globalization;

namespace PgListener.Bench;

/// <summary>How large the scenarios are, where the command line says so.</summary>
/// <param name="Messages">How many messages wait in a drain.</param>
/// <param name="Seconds">How long something lasts that is measured by time.</param>
internal sealed record DurableSize(int? Messages, int? Seconds)
{
    public const string Usage = "Also: [--messages N] [--seconds N]";

    /// <summary>Takes the options that are about it from the command line, and leaves the others.</summary>
    /// <returns>Whether they were understood.</returns>
    public static bool TryTake(IReadOnlyList<string> args, out DurableSize size, out IReadOnlyList<string> rest)
    {
        size = new(null, null);
        var others = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            if (args[i] is not ("--messages" or "--seconds"))
            {
                others.Add(args[i]);
                continue;
            }

            if (i + 1 == args.Count || !int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
            {
                rest = args;
                return false;
            }

            size = args[i++] == "--messages" ? size with { Messages = number } : size with { Seconds = number };
        }

        rest = others;
        return true;
    }

    public int MessagesOr(RunMode mode, int full, int quick) => Messages ?? (mode == RunMode.Full ? full : quick);

    public int SecondsOr(RunMode mode, int full, int quick) => Seconds ?? (mode == RunMode.Full ? full : quick);
}
