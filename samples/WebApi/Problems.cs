using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Npgsql;

namespace WebApi;

/// <summary>Turns exceptions that a client can do something about into problem details (RFC 9457). All others become a plain 500.</summary>
internal sealed partial class Problems(IProblemDetailsService service, ILogger<Problems> logger) : IExceptionHandler
{
    private const string RetryAfterSeconds = "2";

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        ProblemDetails problem;
        if (exception is BadHttpRequestException bad)
        {
            problem = new() { Status = bad.StatusCode, Detail = Explain(bad) };
        }
        else if (exception is PostgresException { SqlState: PostgresErrorCodes.UntranslatableCharacter or PostgresErrorCodes.CharacterNotInRepertoire })
        {
            problem = new() { Status = StatusCodes.Status400BadRequest, Detail = "The text has a character that the database cannot hold." };
        }
        else if (exception is NpgsqlException { IsTransient: true })
        {
            DatabaseUnavailable(exception.Message);
            httpContext.Response.Headers.RetryAfter = RetryAfterSeconds;
            problem = new() { Status = StatusCodes.Status503ServiceUnavailable, Detail = "The database cannot be reached at the moment." };
        }
        else
        {
            return false;
        }

        httpContext.Response.StatusCode = problem.Status.Value;
        return await service.TryWriteAsync(new() { HttpContext = httpContext, ProblemDetails = problem });
    }

    private static string Explain(BadHttpRequestException exception)
        => exception.InnerException is JsonException json
            ? $"The body is not the expected JSON, at {json.Path ?? "$"}."
            : exception.Message;

    [LoggerMessage(1, LogLevel.Warning, "The database cannot be reached: {Reason}")]
    private partial void DatabaseUnavailable(string reason);
}

internal static class ProblemsExtensions
{
    public static void AddProblems(this IServiceCollection services)
    {
        services.AddProblemDetails();
        services.AddExceptionHandler<Problems>();
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
    }
}
