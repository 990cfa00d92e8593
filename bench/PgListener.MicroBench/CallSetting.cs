namespace PgListener.MicroBench;

/// <summary>What goes along with a call.</summary>
public enum CallSetting
{
    /// <summary>Nothing.</summary>
    Plain,

    /// <summary>A sampler that decides that there is no span.</summary>
    SampledOut,

    /// <summary>A sampler that decides that a span only carries its context on, as OpenTelemetry's does for the first span of a trace.</summary>
    Propagated,

    /// <summary>A span with all data.</summary>
    Recorded,

    /// <summary>The duration is measured.</summary>
    Durations,

    /// <summary>The call has a time limit.</summary>
    TimeLimit,
}
