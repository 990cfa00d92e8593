using System.Diagnostics;
using System.Globalization;

namespace PgListener.Testing.Tests;

/// <summary>Launches many servers side by side and counts how many answer: <c>many-launches --count 200 --at-once 10 --processes 1 --user nobody</c>.</summary>
/// <remarks>Not a test of the normal run: it takes minutes. CONTRIBUTING.md says how to call it.</remarks>
internal static class ManyLaunches
{
    public const string Argument = "many-launches";

    public static async Task<int> RunAsync(string[] arguments)
    {
        var count = int.Parse(Option(arguments, "--count") ?? "200", CultureInfo.InvariantCulture);
        var atOnce = int.Parse(Option(arguments, "--at-once") ?? "10", CultureInfo.InvariantCulture);
        var processes = int.Parse(Option(arguments, "--processes") ?? "1", CultureInfo.InvariantCulture);
        var user = Option(arguments, "--user");
        var watch = Stopwatch.StartNew();
        var succeeded = user is null && processes == 1
            ? await LaunchAsync(count, atOnce)
            : await InProcessesAsync(count, atOnce, processes, user);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{succeeded} of {count} servers answered: by {user ?? Environment.UserName}, {processes} process(es), {atOnce} at once in all, {watch.Elapsed.TotalSeconds:0} s"));
        return succeeded == count ? 0 : 1;
    }

    private static async Task<int> LaunchAsync(int count, int atOnce)
    {
        var succeeded = 0;
        var options = new ParallelOptions { MaxDegreeOfParallelism = atOnce };
        await Parallel.ForAsync(0, count, options, async (number, cancellationToken) =>
        {
            try
            {
                await using var postgres = await EphemeralPostgres.LaunchAsync(cancellationToken: cancellationToken);
                Interlocked.Increment(ref succeeded);
            }
            catch (Exception e)
            {
                // Whatever it is, it is what this program is there to find.
                Console.WriteLine($"Launch {number}: {e.GetType().Name}: {e.Message}");
            }
        });
        return succeeded;
    }

    private static async Task<int> InProcessesAsync(int count, int atOnce, int processes, string? user)
    {
        var children = Enumerable.Range(0, processes).Select(number => Start(Share(count, number), Math.Max(1, atOnce / processes))).ToArray();
        var succeeded = 0;
        foreach (var child in children)
        {
            using (child)
            {
                var printed = await child.StandardOutput.ReadToEndAsync(CancellationToken.None);
                await child.WaitForExitAsync(CancellationToken.None);
                Console.Write(printed);
                var last = printed.TrimEnd().Split('\n')[^1].Split(' ')[0];
                succeeded += int.Parse(last, CultureInfo.InvariantCulture);
            }
        }

        return succeeded;

        int Share(int all, int number) => (all / processes) + (number < all % processes ? 1 : 0);

        Process Start(int some, int together)
        {
            string[] arguments = [Argument, "--count", some.ToString(CultureInfo.InvariantCulture), "--at-once", together.ToString(CultureInfo.InvariantCulture)];
            var start = new ProcessStartInfo(Environment.ProcessPath!, arguments) { UseShellExecute = false, RedirectStandardOutput = true, WorkingDirectory = Path.GetTempPath() };
            if (user is not null)
            {
                start.UserName = user;
                start.Environment["HOME"] = Path.GetTempPath();
            }

            return Process.Start(start)!;
        }
    }

    private static string? Option(string[] arguments, string name) =>
        Array.IndexOf(arguments, name) is >= 0 and var place && place + 1 < arguments.Length ? arguments[place + 1] : null;
}
