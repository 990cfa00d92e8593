using System.Collections.Concurrent;
using System.Globalization;

namespace PgListener.Caching.Tests.Checks;

/// <summary>What has happened in a run.</summary>
internal sealed class Journal
{
    public ConcurrentQueue<Write> Writes { get; } = new();

    public ConcurrentQueue<Read> Reads { get; } = new();

    public int Gaps;

    /// <summary>Fails with each of them in full, and how late it was: nothing else tells what has happened in a run.</summary>
    public void AssertNothingStale()
    {
        var stale = FindStale();
        if (stale.Count > 0)
            Assert.Fail(string.Join(Environment.NewLine, stale.Select(each => string.Create(CultureInfo.InvariantCulture, $"{each}, by {each.Age.TotalMilliseconds:0.000} ms"))));
    }

    /// <summary>Finds them, with the time for which they had been stale.</summary>
    public IReadOnlyList<StaleRead> FindStale()
    {
        var writes = Writes.ToLookup(write => write.Key, StringComparer.Ordinal).ToDictionary(key => key.Key, key => key.ToArray(), StringComparer.Ordinal);
        var found = new List<StaleRead>();
        foreach (var read in Reads)
        {
            foreach (var write in writes.GetValueOrDefault(read.Key, []).Where(write => write.Version > read.Version))
            {
                var heard = read.Horizon - (write.Sent ?? long.MaxValue);
                var made = write.Instance == read.Instance ? read.Started - write.Returned : 0;
                if (heard > 0 || made > 0)
                    found.Add(new(read, write, TimeSpan.FromTicks(Math.Max(heard, made))));
            }
        }

        return found;
    }

    public string Summary()
        => string.Create(
            CultureInfo.InvariantCulture,
            $"{Writes.Count} writes ({Writes.Count(write => write.Sent is not null)} sent), {Gaps} gaps, {Reads.Count} reads checked, {Reads.Count(read => read.IsHit)} of them from the cache");

    /// <summary>As lines, for another process.</summary>
    public IEnumerable<string> ToLines()
        => Writes.Select(write => string.Create(CultureInfo.InvariantCulture, $"w {write.Key} {write.Version} {write.Instance} {write.Returned} {write.Sent ?? 0}"))
            .Concat(Reads.Select(read => string.Create(CultureInfo.InvariantCulture, $"r {read.Key} {read.Version} {read.Instance} {read.Started} {read.Horizon} {(read.IsHit ? 1 : 0)}")))
            .Append(string.Create(CultureInfo.InvariantCulture, $"g {Gaps}"));

    public void AddLine(string line)
    {
        var parts = line.Split(' ');
        long Number(int part) => long.Parse(parts[part], CultureInfo.InvariantCulture);
        switch (parts[0])
        {
            case "w":
                Writes.Enqueue(new(parts[1], Number(2), parts[3], Number(4), Number(5) is > 0 and var sent ? sent : null));
                break;
            case "r":
                Reads.Enqueue(new(parts[1], Number(2), parts[3], Number(4), Number(5), Number(6) == 1));
                break;
            case "g":
                Interlocked.Add(ref Gaps, (int)Number(1));
                break;
            default:
                throw new FormatException(line);
        }
    }
}
