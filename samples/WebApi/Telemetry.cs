using OpenTelemetry;
using PgListener;

namespace WebApi;

internal static class Telemetry
{
    /// <summary>Sends metrics and traces to the collector that <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names, if it names one.</summary>
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        if (string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            return;

        builder.Services.AddOpenTelemetry()
            .UseOtlpExporter()
            .WithMetrics(metrics => metrics.AddMeter(PgListenerDiagnostics.MeterName, "Microsoft.AspNetCore.Hosting", "Npgsql"))
            .WithTracing(tracing => tracing.AddSource(PgListenerDiagnostics.ActivitySourceName, "Microsoft.AspNetCore", "Npgsql"));
    }
}
