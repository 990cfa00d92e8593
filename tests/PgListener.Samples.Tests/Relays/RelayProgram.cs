using System.Diagnostics;
using System.Globalization;
using PgListener.TestServer;

namespace PgListener.Samples.Tests.Relays;

/// <summary>The long run: <c>relay --messages 100000 --kills 10</c>.</summary>
/// <remarks>Not a test of the normal run: it takes minutes. CONTRIBUTING.md says how to call it.</remarks>
internal static class RelayProgram
{
    public const string Argument = "relay";

    private const string Usage = "Usage: relay [--messages 100000] [--kills 10]. The number of messages is a multiple of 100.";

    public static async Task<int> RunAsync(string[] arguments)
    {
        var (messages, kills) = (100_000, 10);
        for (var i = 0; i < arguments.Length; i += 2)
        {
            var value = i + 1 < arguments.Length ? arguments[i + 1] : "";
            var isUnderstood = arguments[i] switch
            {
                "--messages" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out messages) && messages % RelayDatabase.Round == 0,
                "--kills" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out kills),
                _ => false,
            };
            if (!isUnderstood)
            {
                await Console.Error.WriteLineAsync(Usage);
                return 2;
            }
        }

        if (NatsServer.Executable is null)
        {
            await Console.Error.WriteLineAsync("nats-server is not installed: apt-get install nats-server.");
            return 2;
        }

        var clock = Stopwatch.StartNew();
        var result = await RelayRun.RunAsync(messages, kills, line => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds,5:0} s: {line}")));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result}, in {clock.Elapsed.TotalSeconds:0} s"));
        return result.IsRight ? 0 : 1;
    }
}
