namespace PgListener;

/// <summary>Lets a reader that finds a malformed payload tell its subscription, which counts it as failed.</summary>
internal sealed class FailureReport
{
    /// <summary>Counts a failure by its error type. Set by the subscription.</summary>
    public Action<string>? Count { get; set; }

    public void Fail(string errorType) => Count?.Invoke(errorType);
}
