namespace PgListener;

/// <summary>Lets a reader report a malformed payload to its subscription, which counts it as failed.</summary>
internal sealed class FailureReport
{
    /// <summary>Counts a failure by its error type. Set by the subscription.</summary>
    public Action<string>? Count { get; set; }

    public void Fail(string errorType) => Count?.Invoke(errorType);
}
