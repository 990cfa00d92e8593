using System.Diagnostics;

namespace PgListener.Bench;

/// <summary>Says on standard error what is being done and how long the rest will take.</summary>
internal sealed class Progress(double expectedSeconds)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly bool _isTerminal = !Console.IsErrorRedirected;
    private double _done;
    private string _lastScenario = "";

    public void Begin(string scenario, int repetition, int repetitions, string name)
    {
        var line = $"{scenario} {repetition}/{repetitions}: {name}; {_watch.Elapsed:m\\:ss} gone, about {Remaining():m\\:ss} left";
        if (_isTerminal)
            Console.Error.Write($"\r{line}\e[K");
        else if (_lastScenario != $"{scenario} {repetition}")
            Console.Error.WriteLine(line);
        _lastScenario = $"{scenario} {repetition}";
    }

    public void End(double seconds) => _done += seconds;

    public void Finish() => Console.Error.WriteLine($"{(_isTerminal ? "\r\e[K" : "")}Done in {_watch.Elapsed:m\\:ss}.");

    /// <summary>What was expected, corrected by how the expectations have kept so far.</summary>
    private TimeSpan Remaining()
    {
        var pace = _done > 10 ? _watch.Elapsed.TotalSeconds / _done : 1;
        return TimeSpan.FromSeconds((expectedSeconds - _done) * pace);
    }
}
