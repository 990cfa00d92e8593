using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Subjects.Handlers;

/// <summary>Where each handler, which lives for one notification, finds the recorder that stays.</summary>
internal sealed class HandlerBook
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Dictionary<string, Recorder> _recorders = [];
    private readonly RunLog _run;

    public HandlerBook(Subject subject, RunLog run)
    {
        _run = run;
        Add(nameof(PlainHandler), Decorated.ChannelName);
        Add(nameof(FirstDecorated), Decorated.ChannelName);
        Add(nameof(SecondDecorated), Decorated.ChannelName);
        Add(nameof(Replacement), Replaced.ChannelName);

        void Add(string handler, string channel)
            => _recorders.Add(handler, new(subject, run.Add(new SubscriptionLog($"{subject.Name}/{handler}", channel, subject.Log, Patience)), run));
    }

    public IEnumerable<Recorder> Recorders => _recorders.Values;

    public Recorder this[string handler] => _recorders[handler];

    /// <summary>The settings of each.</summary>
    public static void Configure(HandlerOptions options) => (options.QueueCapacity, options.MaxBackpressure) = (64, Patience);

    /// <summary>Somebody is called who should not be.</summary>
    public void Complain(string text) => _run.AddError(text);
}
